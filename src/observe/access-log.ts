import type { AdminChangeEvent, ExchangeEvent } from '../base/events.ts'

/** No field of a line is longer, in bytes. */
const longestFieldBytes = 2048
/** Anything but printable ASCII without the quote and the backslash. */
const unplain = /[^ !#-[\]-~]/
const ellipsis = '…'

/**
 * One finished exchange as one line of JSON, newline included. Absent facts have no field. No byte of a field can end the
 * line, move a terminal's cursor or be longer than 2 KiB (CORRECTNESS T45). Built by hand: it runs on every hit.
 */
export function formatLine(event: ExchangeEvent): string {
  const line =
    `{"time":"${new Date(event.at).toISOString()}","id":${quote(event.id)},"client":${quote(event.client)}` +
    `,"method":${quote(event.method)},"url":${quote(event.url)},"status":${event.status}` +
    `,"result":"${event.result}","rule":${quote(event.rule)}` +
    `,"bytes":${event.responseBytes},"originBytes":${event.originBytes}` +
    `,"firstByteMs":${rounded(event.firstByteMs)},"durationMs":${rounded(event.durationMs)}`
  return `${line}${optionalFields(event)}}\n`
}

/** What was changed by the admin address as one line of JSON, told from those of exchanges by its field `admin`. */
export function formatChange({ at, by, agent, action, what, count, digests }: AdminChangeEvent): string {
  const line =
    `{"time":"${new Date(at).toISOString()}","admin":"${action}","client":${quote(by)}` +
    `,"what":${quote(what)},"count":${count},"digests":[${digests.map(quote).join(',')}]`
  return `${line}${agent === undefined ? '' : `,"agent":${quote(agent)}`}}\n`
}

function optionalFields({ stored, fault, detail, mirror, clientAborted, userAgent }: ExchangeEvent): string {
  let fields = ''
  if (stored !== undefined) fields += `,"stored":"${stored}"`
  if (fault !== undefined) fields += `,"fault":"${fault}"`
  if (detail !== undefined) fields += `,"detail":${quote(detail)}`
  if (mirror !== undefined) fields += `,"mirror":${quote(mirror)}`
  if (clientAborted) fields += ',"clientAborted":true'
  if (userAgent !== undefined) fields += `,"agent":${quote(userAgent)}`
  return fields
}

/** Milliseconds to the microsecond; what is no number is 0, so that the line stays JSON. */
function rounded(ms: number): number {
  const value = Math.round(ms * 1000) / 1000
  return Number.isFinite(value) ? value : 0
}

function quote(text: string): string {
  if (text.length <= longestFieldBytes && !unplain.test(text)) return `"${text}"`
  return `"${escaped(text)}"`
}

/** `text` as the inside of a JSON string, cut at a character's end. */
function escaped(text: string): string {
  let result = ''
  let bytes = 0
  for (const character of text) {
    const piece = escapedCharacter(character)
    bytes += Buffer.byteLength(piece)
    if (bytes > longestFieldBytes - Buffer.byteLength(ellipsis)) return result + ellipsis
    result += piece
  }
  return result
}

function escapedCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return isHarmful(character.codePointAt(0)!)
    ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    : character
}

/** C0, DEL and C1; the line ends of Unicode; what turns the direction of writing; halves of a surrogate pair. */
function isHarmful(point: number): boolean {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return true
  if (point >= 0x2028 && point <= 0x202e) return true
  return (point >= 0x2066 && point <= 0x2069) || (point >= 0xd800 && point <= 0xdfff)
}
