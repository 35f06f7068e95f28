/** Most characters of a pattern. */
export const mostGlobLength = 8192

/** A pattern in which `*` stands for any characters, `/` among them, or none; every other character stands for itself. */
export type Glob = (text: string) => boolean

/**
 * Compiles a pattern. The pieces between the stars are looked for from left to right, each at its first place, so that no pattern
 * makes the search go back (CORRECTNESS 8.2.7: no regular expression comes from a client). `undefined`: too long.
 */
export function compileGlob(pattern: string): Glob | undefined {
  if (pattern.length > mostGlobLength) return undefined
  const [prefix, ...rest] = pattern.split('*')
  const suffix = rest.pop()
  if (suffix === undefined) return (text) => text === pattern
  const middle = rest.filter((piece) => piece !== '')
  return (text) => {
    if (!text.startsWith(prefix!) || !text.endsWith(suffix)) return false
    const end = text.length - suffix.length
    let at = prefix!.length
    for (const piece of middle) {
      const found = text.indexOf(piece, at)
      if (found === -1) return false
      at = found + piece.length
    }
    return at <= end
  }
}
