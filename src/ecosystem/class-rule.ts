/**
 * How a class of URLs may be reused. `immutable`: never asked again; `revalidate`: fresh for a while, then validated;
 * `ttl`: fresh for a while, then fetched anew; `pass`: never stored; `rfc`: RFC 9111 alone.
 */
export type ReuseClass = 'immutable' | 'revalidate' | 'ttl' | 'pass' | 'rfc'

/** What is known about the URLs that a rule recognises. */
export interface ClassRule {
  /** Ecosystem and kind, e.g. `npm.tarball`; `rfc` when nothing is known. */
  readonly name: string
  readonly class: ReuseClass
  /** Freshness lifetime where the origin gave none; `Infinity` for immutable. */
  readonly freshSeconds: number
  /** Freshness lifetime of a 404 or 410; 0: nothing particular is known. */
  readonly negativeSeconds: number
  /** Percent-encoded octets (`%2B`) that mean the same decoded, here and in the path only. `%2F@scope`: the slash after an npm scope. */
  readonly keyDecode?: readonly string[]
  /** Request fields (lower case) that select among variants even if the origin's Vary is silent. */
  readonly variesBy?: readonly string[]
  /** Is the content a file that nobody need compress further? Then origins are asked for it uncoded, one for all clients. */
  readonly identity?: true
  /** Does the URL only redirect to the place where its content lies? Then the content is asked for there and kept under this URL. */
  readonly follow?: true
  /** May the content be an HTML page? Where not, a page is somebody's error or login page. */
  readonly mayBePage?: true
}

/** A rule and the paths it recognises, on any host. */
export interface RulePattern {
  readonly rule: ClassRule
  /** A text that every match contains, looked for before anything dearer; '' when there is none. */
  readonly hint: string
  /** `path` is canonical and without query; it begins with `/`. */
  readonly matches: (path: string) => boolean
}

/** The first row whose pattern recognises `path`. */
export function firstMatch(table: readonly RulePattern[], path: string): ClassRule | undefined {
  for (const row of table) if (path.includes(row.hint) && row.matches(path)) return row.rule
  return undefined
}

export function immutable(name: string, negativeSeconds: number, keyDecode?: readonly string[]): ClassRule {
  const freshSeconds = Number.POSITIVE_INFINITY
  const rule = { name, class: 'immutable', freshSeconds, negativeSeconds, identity: true } as const
  return keyDecode === undefined ? rule : { ...rule, keyDecode }
}

export function revalidate(
  name: string,
  freshSeconds: number,
  negativeSeconds: number,
  keyDecode?: readonly string[],
): ClassRule {
  const rule = { name, class: 'revalidate', freshSeconds, negativeSeconds } as const
  return keyDecode === undefined ? rule : { ...rule, keyDecode }
}

/** `rule` for files that are compressed already, or small. */
export function uncoded(rule: ClassRule): ClassRule {
  return { ...rule, identity: true }
}

/** A download that is reached by a redirect; `freshSeconds`: how long its content is taken for the same. */
export function followed(name: string, freshSeconds: number, negativeSeconds = 0): ClassRule {
  return { name, class: 'revalidate', freshSeconds, negativeSeconds, identity: true, follow: true }
}

/** A row whose pattern is a regular expression. */
export function row(rule: ClassRule, hint: string, pattern: RegExp): RulePattern {
  return { rule, hint, matches: (path) => pattern.test(path) }
}
