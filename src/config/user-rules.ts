import type { SignatureFamilyName } from './signature-families.ts'

/** What the operator knows about some URLs: one entry of `rules` in the configuration file. */
export interface UserRule {
  /** `FILE:LINE` where it begins. */
  readonly origin: string
  /** Which URLs; `undefined` for a rule that only folds or names mirrors. */
  readonly match: UserMatch | undefined
  /** Query parameters that are left out of the key; a name may end in `*`. */
  readonly drop: readonly string[]
  /** The only query parameters that stay in the key; `undefined`: all that `drop` does not name. */
  readonly keep: readonly string[] | undefined
  /** How these URLs are signed, when the table of object stores does not know their host. */
  readonly signed: SignatureFamilyName | undefined
  /** Everybody may read these objects, whatever their signature says. */
  readonly public: boolean
  /** How long a response is fresh of which its origin says nothing; absent: as its class has it. */
  readonly freshSeconds?: number
  /** Base URLs of mirrors that hold the same content under the same names; their keys begin with the first. */
  readonly fold: readonly string[]
  /** Origins of which one may answer for another; absent: none. */
  readonly mirrors?: UserMirrors
}

export interface UserMirrors {
  /** Base URLs, of one scheme, that end in a slash; they are tried in this order. */
  readonly bases: readonly string[]
  /** Are the others asked for what the asked one does not have? */
  readonly alsoMissing: boolean
}

export interface UserMatch {
  /** `example.org`, `*.example.org` or `*`, lower case. */
  readonly host: string
  /** What the path begins with, as it is sent. */
  readonly pathPrefix: string
  /** Must match somewhere in the path; `undefined`: any path. */
  readonly pathPattern: RegExp | undefined
}

/** `name` against a parameter's name as a rule writes it. */
export function namesParameter(written: readonly string[], name: string): boolean {
  return written.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name))
}
