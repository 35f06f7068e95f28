import { beginsWith, FieldNames, isHopByHop, mayBeNominated } from './field-names.ts'
import type { RawFields } from './fields.ts'
import { listMembers } from './list.ts'

/** Request fields that we answer, or write anew, ourselves. */
const ours = new FieldNames(['expect', 'host', 'larder-expect-digest'])

/**
 * Fields that make some servers answer for another host, path or method although no cache key knows them (CORRECTNESS
 * T11). CGI-like servers read `_` as `-`.
 */
const rewriting =
  /^(?:forwarded|x[-_](?:forwarded(?:[-_].*)?|original[-_].*|rewrite[-_].*|http[-_]method|(?:.*[-_])?method[-_]override))$/

/** The fields of a client's request that go to the origin, names and values alternating (RFC 9110 section 7.6.1). */
export function forwardableRequestFields(raw: RawFields): string[] {
  return filtered(raw, (name) => !ours.has(name) && !isRewriting(name))
}

/** The fields of an origin's response that are meant for all recipients; framing ones are written anew for each. */
export function endToEndResponseFields(raw: RawFields): string[] {
  return filtered(raw, () => true)
}

/** What may never come in a trailer section, as it was needed before the content (RFC 9110 section 6.5.1). */
const notInTrailers =
  /^(?:age|authorization|cache-control|content-.*|date|expires|host|if-.*|location|max-forwards|pragma|range|retry-after|set-cookie|vary|www-authenticate)$/

/** The trailers of an origin's response that are passed on. */
export function forwardableTrailers(raw: RawFields): string[] {
  return filtered(raw, (name) => !notInTrailers.test(name.toLowerCase()))
}

/** Is an interim response for the client? 100 answers an Expect, which is ours to answer; 101 is no interim one. */
export function isForwardableInterim(status: number): boolean {
  return status > 101 && status < 200
}

function filtered(raw: RawFields, mayPass: (name: string) => boolean): string[] {
  const nominated = nominatedNames(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!
    if (isHopByHop(name) || !mayPass(name) || nominated?.includes(name.toLowerCase())) continue
    kept.push(name, raw[i + 1]!)
  }
  return kept
}

/** What Connection names, but for fields that it may not name: those are kept, which is the safe side for a cache. */
function nominatedNames(raw: RawFields): string[] | undefined {
  let names: string[] | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]!.length !== 10 || raw[i]!.toLowerCase() !== 'connection') continue
    for (const member of listMembers(raw[i + 1]!)) {
      const name = member.toLowerCase()
      if (mayBeNominated(name)) (names ??= []).push(name)
    }
  }
  return names
}

function isRewriting(name: string): boolean {
  return (beginsWith(name, 'x') || beginsWith(name, 'f')) && rewriting.test(name.toLowerCase())
}
