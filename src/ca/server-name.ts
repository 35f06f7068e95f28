import { isIPv4, isIPv6 } from 'node:net'
import type { GeneralName } from './certificate-builder.ts'

/** A server as a leaf names it. */
export interface ServerName {
  /** Canonical: lower case, no trailing dot; IPv6 compressed, without brackets. */
  readonly text: string
  readonly general: GeneralName
}

const maxNameCharacters = 253
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/** `text` as a DNS name in A-labels (RFC 5890), an IPv4 or an IPv6 address; `undefined` when it is none. */
export function parseServerName(text: string): ServerName | undefined {
  if (isIPv4(text)) return { text, general: { address: Uint8Array.from(text.split('.'), Number) } }
  if (isIPv6(text)) return text.includes('%') ? undefined : ipv6(text)
  const name = text.toLowerCase().replace(/\.$/, '')
  const labels = name.split('.')
  const valid = name.length <= maxNameCharacters && labels.every((each) => label.test(each))
  // A last label of digits is an address that is none (WHATWG URL section 3.5).
  if (!valid || /^\d+$/.test(labels.at(-1)!)) return undefined
  return { text: name, general: { dns: name } }
}

function ipv6(text: string): ServerName {
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const [head, tail] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length
  const groups = [...head!, ...Array<string>(zeros).fill('0'), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16),
  )
  return {
    text: canonical,
    general: { address: Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])) },
  }
}
