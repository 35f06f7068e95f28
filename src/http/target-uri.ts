export type Scheme = 'http' | 'https' | 'ftp'

/** The absolute URI that a request is for (RFC 9110 section 7.1), in canonical spelling. */
export interface TargetUri {
  readonly scheme: Scheme
  /** Lower case, A-label, no trailing dot; an IPv6 literal without brackets. */
  readonly host: string
  readonly port: number
  /** `host`, or `host:port` when the port is not the scheme's own; IPv6 in brackets. */
  readonly authority: string
  /** Path and query exactly as they came (never decoded); at least `/`. */
  readonly path: string
  /** `scheme://authority` + `path`. */
  readonly href: string
}
