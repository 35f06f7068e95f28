import { normalisedAcceptEncoding } from './accept-encoding.ts'
import type { Fields } from './fields.ts'
import { listMembers } from './list.ts'

/** The secondary key of a stored response: normalised values of the fields that Vary names, absent ones as ''. */
export interface SecondaryKey {
  readonly [name: string]: string
}

/** A field that came without a value differs from one that did not come; no normalised value looks like this. */
const empty = ','

/** List fields whose members are told apart by more than their octets: case, or where they stand. */
const lists: { readonly [name: string]: { readonly caseless: boolean; readonly ordered: boolean } | undefined } = {
  'accept-charset': { caseless: true, ordered: true },
  // An order that no weight confirms "cannot be relied upon" (RFC 9110 section 12.5.4).
  'accept-language': { caseless: true, ordered: false },
}

/** Of nearly every response; with a prototype, as `JSON.stringify` takes three times as long for a record with an object without. */
const noKey: SecondaryKey = Object.freeze({})

/** The secondary key of a response with this Vary to this request; `star`: it fits no other request (RFC 9111 section 4.1). */
export function secondaryKey(vary: string | undefined, request: Fields): SecondaryKey | 'star' {
  if (vary === undefined) return noKey
  const key: { [name: string]: string } = Object.create(null)
  for (const member of listMembers(vary)) {
    if (member === '*') return 'star'
    const name = member.toLowerCase()
    key[name] = request.derived(name, normalised)
  }
  return key
}

/** Does the stored response with this secondary key fit `request`? */
export function varyMatches(key: SecondaryKey, request: Fields): boolean {
  for (const name in key) {
    if (request.derived(name, normalised) !== key[name]) return false
  }
  return true
}

function normalised(name: string, value: string | undefined): string {
  if (value === undefined) return ''
  return (name === 'accept-encoding' ? normalisedAcceptEncoding(value) : asText(name, value)) || empty
}

/** White space around commas means nothing in any field that is a list, and is hardly the only difference in one that is none. */
function asText(name: string, value: string): string {
  const list = lists[name]
  const members = listMembers(list?.caseless ? value.toLowerCase() : value)
  return (list?.ordered === false ? members.sort() : members).join(',')
}
