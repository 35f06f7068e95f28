const encoded = /%([0-9A-Fa-f]{2})/g
const unreserved = /[A-Za-z0-9._~-]/
/** `.` and `..` between any two characters that some server takes for a slash, with or without path parameters. */
const dotSegment = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:;[^/]*)?(?:$|[/\\]|%2f|%5c)/i

/**
 * The path as rules see it, never as it is sent or keyed: unreserved characters decoded, other hexadecimal digits in
 * upper case (RFC 3986 section 6.2.2).
 */
export function canonicalPath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(encoded, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return unreserved.test(character) ? character : triplet.toUpperCase()
  })
}

/** Could a server read this path as another one? Then no rule may speak for it. */
export function hasDotSegment(path: string): boolean {
  return (path.includes('.') || path.includes('%')) && dotSegment.test(path)
}
