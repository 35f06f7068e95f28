/**
 * The members of a list field (RFC 9110 section 5.6.1): split at commas outside quoted strings, white space around
 * members and empty members dropped. A quote that is never closed quotes nothing.
 */
export function listMembers(value: string): string[] {
  if (!value.includes('"')) return kept(value.split(','))
  const members: string[] = []
  let start = 0
  let mayQuote = true
  for (let at = 0; at < value.length; at += 1) {
    if (value[at] === '"' && mayQuote) {
      const end = quotedEnd(value, at)
      if (end === undefined) mayQuote = false
      else at = end
    } else if (value[at] === ',') {
      members.push(value.slice(start, at))
      start = at + 1
    }
  }
  members.push(value.slice(start))
  return kept(members)
}

/** The content of a quoted string, escapes undone; any other text as it is (RFC 9110 section 5.6.4). */
export function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

/** Where the quoted string that begins at `start` ends; `undefined` when it never does. */
function quotedEnd(value: string, start: number): number | undefined {
  for (let at = start + 1; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1
    else if (value[at] === '"') return at
  }
  return undefined
}

function kept(members: readonly string[]): string[] {
  const trimmed: string[] = []
  for (const member of members) {
    const text = member.trim()
    if (text !== '') trimmed.push(text)
  }
  return trimmed
}
