import type { Profile } from '../../../../src/policy/profile.ts'

/** One row of the policy as a conversation: what is required, where, and what is said then. */
export interface Talk {
  /** Number and section, `9111 section 4.2.1`. */
  readonly rfc: string
  /** The behaviour, as a sentence. */
  readonly says: string
  /** The only profile under which it holds; both without it. */
  readonly profile?: Profile
  /** See test/support/conversation-script.ts. */
  readonly talk: readonly string[]
}

/** Rows of one pure function. */
export interface Facts<Given, Expected> {
  readonly about: string
  readonly of: (given: Given) => Expected
  readonly rows: readonly {
    readonly rfc: string
    readonly says: string
    readonly given: Given
    readonly expect: Expected
  }[]
}
