import { listMembers } from './list.ts'

/** A validator that names one representation (RFC 9110 section 8.8.3). */
export interface EntityTag {
  readonly weak: boolean
  /** What stands between the quotes. */
  readonly opaque: string
}

const pattern = /^(W\/)?"([!#-~\u0080-\u00ff]*)"$/

/** `undefined` when `text` is not exactly one entity tag. */
export function parseEntityTag(text: string | undefined): EntityTag | undefined {
  const parts = text === undefined ? null : pattern.exec(text)
  return parts === null ? undefined : { weak: parts[1] !== undefined, opaque: parts[2]! }
}

export function formatEntityTag(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}"${tag.opaque}"`
}

/** The tags of If-Match or If-None-Match, members that are no tags left out; `*` for any representation. */
export function parseEntityTags(value: string): '*' | readonly EntityTag[] {
  const text = value.trim()
  if (text === '*') return '*'
  // A backslash escapes nothing inside a tag, so the quotes alone bound it.
  const tags: EntityTag[] = []
  for (const member of text.includes('\\') ? (text.match(/(?:W\/)?"[^"]*"/g) ?? []) : listMembers(text)) {
    const tag = parseEntityTag(member)
    if (tag !== undefined) tags.push(tag)
  }
  return tags
}

/** Both strong and the same: every byte is equal (RFC 9110 section 8.8.3.2). */
export function strongMatch(a: EntityTag | undefined, b: EntityTag | undefined): boolean {
  return a !== undefined && b !== undefined && !a.weak && !b.weak && a.opaque === b.opaque
}

/** The same, weak or not: good enough for a 304, never for joining bytes. */
export function weakMatch(a: EntityTag | undefined, b: EntityTag | undefined): boolean {
  return a !== undefined && b !== undefined && a.opaque === b.opaque
}
