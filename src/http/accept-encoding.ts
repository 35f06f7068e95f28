import { listMembers } from './list.ts'

/** The other names of codings (RFC 9110 section 8.4.1). */
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip', 'x-compress': 'compress' }
/** Codings that change the bytes. Servers also write what is none, such as `aws-chunked` or `utf-8`: that content is plain. */
const known = new Set('aes128gcm br bzip2 compress dcb dcz deflate exi gzip lzma pack200-gzip xz zstd'.split(' '))
const member = /^([^;\s]+)\s*(?:;\s*q\s*=\s*(\d(?:\.\d{0,3})?)\s*)?$/i

interface Wish {
  readonly coding: string
  /** From 0, never to be sent, to 1. */
  readonly weight: number
}

/**
 * One text for all values of Accept-Encoding that ask for the same: order, white space, case and old names of codings mean
 * nothing; identity is welcome anyway, and what is not named or has the weight 0 is not. With `*` all that is refused
 * counts (RFC 9110 section 12.5.3). '' when nothing but identity is asked for.
 */
export function normalisedAcceptEncoding(value: string): string {
  const wishes = wishesOf(value)
  const open = wishes.some(({ coding }) => coding === '*')
  const said = wishes.filter(({ coding, weight }) => {
    if (open) return true
    return coding === 'identity' ? weight === 0 : weight > 0
  })
  const texts = said.map(({ coding, weight }) => (weight === 1 ? coding : `${coding};q=${weight}`))
  return [...new Set(texts)].sort().join(',')
}

/** The codings that are known of a content, outermost last, by their usual names; empty: none (RFC 9110 section 8.4). */
export function contentCodings(contentEncoding: string | undefined): string[] {
  if (contentEncoding === undefined) return []
  return listMembers(contentEncoding.toLowerCase())
    .map((name) => aliases[name] ?? name)
    .filter((name) => known.has(name))
}

/** Did a client with this Accept-Encoding ask for content in all of `codings`? One that says nothing asks for none. */
export function asksForCodings(value: string | undefined, codings: readonly string[]): boolean {
  if (value === undefined) return false
  const wishes = wishesOf(value)
  return codings.every((coding) => {
    const named = wishes.filter((wish) => wish.coding === coding)
    const deciding = named.length > 0 ? named : wishes.filter((wish) => wish.coding === '*')
    return deciding.length > 0 && deciding.every(({ weight }) => weight > 0)
  })
}

/** What is no coding with a weight asks for nothing. */
function wishesOf(value: string): Wish[] {
  const wishes: Wish[] = []
  for (const text of listMembers(value.toLowerCase())) {
    const parts = member.exec(text)
    if (parts === null) continue
    const [, name = '', weight] = parts
    wishes.push({ coding: aliases[name] ?? name, weight: weight === undefined ? 1 : Math.min(1, Number(weight)) })
  }
  return wishes
}
