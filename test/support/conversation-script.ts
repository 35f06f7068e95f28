import type { FaultCode } from '../../src/base/faults.ts'
import { formatHttpDate } from '../../src/http/http-date.ts'

/**
 * Reads the lines of a conversation. What a line may say, parts separated by ` · `:
 *
 * - `client: GET /a · Range: bytes=0-1`, with content: `client: POST /a · body text`
 * - `origin sees: GET /a · If-None-Match: "1" · no Range`: what the request that the next `origin` line answers must be
 * - `origin: 200 · ETag: "1" · body text · trailer A: b`; `origin after 5 s: 200`; `origin: refuses` the connection, or
 *   `origin: fails with ORIGIN_BUSY`;
 *   `origin: 200 · body text · cut after 2 bytes`; `chunked`, `until close`: how the end is told; `no Date`
 * - `origin interim: 103 · Link: </a>`: comes before the answer of the next `origin` line
 * - `larder: 200 body text · Age: 5 · no Warning · has Date · trailer A: b (hit, stored)`: what the client must get; in
 *   brackets the result word, then `stored`, `not stored` or `not stored: reason`. `larder: breaks off body te`
 * - `larder interim: 103 · Link: </a>`
 * - `another client: GET /a` behind a `client` line asks before the first is answered; `larder to the other: 200 body text`
 * - `… 61 s later`; `… larder restarts`: what is in memory is forgotten; `… larder goes offline`
 *
 * `<now>`, `<in 60 s>`, `<2 days ago>` stand for HTTP-dates at that moment of the conversation, `<start + 60 s>` and
 * `<start - 60 s>` for such that do not move. Paths are those of http://origin.test.
 */
export type Line =
  | {
      readonly who: 'client' | 'another client'
      readonly method: string
      readonly url: string
      readonly parts: Parts
    }
  | { readonly who: 'origin sees'; readonly method: string; readonly url: string; readonly parts: Parts }
  | { readonly who: 'origin'; readonly status: number | FaultCode; readonly delayMs: number; readonly parts: Parts }
  | { readonly who: 'origin interim'; readonly status: number; readonly parts: Parts }
  | { readonly who: 'larder interim'; readonly status: number; readonly parts: Parts }
  | {
      readonly who: 'larder' | 'larder to the other'
      readonly status: number | 'breaks off'
      readonly outcome: readonly string[]
      readonly parts: Parts
    }
  | { readonly who: 'time'; readonly passesMs: number }
  | { readonly who: 'restart' | 'offline' }

/** What follows the first words of a line. */
export interface Parts {
  /** Names and values alternating, dates still as they were written. */
  readonly fields: readonly string[]
  readonly trailers: readonly string[]
  /** Lower-case names that must not be there. */
  readonly absent: readonly string[]
  readonly present: readonly string[]
  readonly body: string | undefined
  readonly cutBytes: number | undefined
  readonly framing: 'length' | 'chunked' | 'until close'
}

export const home = 'http://origin.test'
/** Fri, 02 Jan 2026 03:04:05 GMT: when every conversation begins. */
export const startAt = Date.UTC(2026, 0, 2, 3, 4, 5)

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
}
const span = '(\\d+(?:\\.\\d+)?) (ms|s|min|h|days?)'
const time = new RegExp(`^… ${span} later$`)
const delayed = new RegExp(`^origin after ${span}$`)

/** The meaning of `text`; throws when it has none. */
export function readLine(text: string): Line {
  if (text === '… larder restarts') return { who: 'restart' }
  if (text === '… larder goes offline') return { who: 'offline' }
  const passed = time.exec(text)
  if (passed !== null) return { who: 'time', passesMs: spanMs(passed[1], passed[2]) }
  const colon = text.indexOf(': ')
  if (colon === -1) throw new Error(`nobody speaks in: ${text}`)
  const speaker = text.slice(0, colon)
  const said = text.slice(colon + 2)
  const delay = delayed.exec(speaker)
  if (delay !== null) return originLine(said, spanMs(delay[1], delay[2]))
  switch (speaker) {
    case 'client':
    case 'another client':
    case 'origin sees': {
      const [method = '', path = '', ...rest] = (said.split(' · ', 1)[0] ?? '').split(' ')
      if (rest.length > 0 || path === '') throw new Error(`not a method and a URL: ${text}`)
      return { who: speaker, method, url: path.startsWith('/') ? home + path : path, parts: readParts(said) }
    }
    case 'origin':
      return originLine(said, 0)
    case 'origin interim':
    case 'larder interim':
      return { who: speaker, status: statusOf(said), parts: readParts(said) }
    case 'larder':
    case 'larder to the other':
      return larderLine(speaker, said)
    default:
      throw new Error(`who is ${speaker}?`)
  }
}

function originLine(said: string, delayMs: number): Line {
  const fault = said === 'refuses' ? 'ORIGIN_CONNECT_REFUSED' : /^fails with ([A-Z_]+)$/.exec(said)?.[1]
  if (fault !== undefined) return { who: 'origin', status: fault as FaultCode, delayMs, parts: readParts(said) }
  return { who: 'origin', status: statusOf(said), delayMs, parts: readParts(said) }
}

function larderLine(who: 'larder' | 'larder to the other', said: string): Line {
  const bracket = / \(([a-z][a-z-]*(?:, [a-z :-]+)?)\)$/.exec(said)
  const outcome = bracket === null ? [] : bracket[1]!.split(', ')
  const rest = bracket === null ? said : said.slice(0, bracket.index)
  const brokenOff = rest.startsWith('breaks off')
  const words = rest.replace(/^(?:breaks off|\d{3}) (?=body )/, '$& · ').replace('  · ', ' · ')
  return { who, status: brokenOff ? 'breaks off' : statusOf(rest), outcome, parts: readParts(words) }
}

function statusOf(said: string): number {
  const status = /^\d{3}(?= |$)/.exec(said)
  if (status === null) throw new Error(`no status: ${said}`)
  return Number(status[0])
}

function readParts(said: string): Parts {
  const fields: string[] = []
  const trailers: string[] = []
  const absent: string[] = []
  const present: string[] = []
  let body: string | undefined
  let cutBytes: number | undefined
  let framing: Parts['framing'] = 'length'
  for (const part of said.split(' · ').slice(1)) {
    const cut = /^cut after (\d+) bytes?$/.exec(part)
    if (cut !== null) cutBytes = Number(cut[1])
    else if (part === 'chunked' || part === 'until close') framing = part
    else if (part === 'empty') body = ''
    else if (part.startsWith('body ')) body = part.slice(5)
    else if (part.startsWith('no ')) absent.push(part.slice(3).toLowerCase())
    else if (part.startsWith('has ')) present.push(part.slice(4).toLowerCase())
    else if (part.startsWith('trailer ')) trailers.push(...field(part.slice(8)))
    else fields.push(...field(part))
  }
  return { fields, trailers, absent, present, body, cutBytes, framing }
}

function field(text: string): [string, string] {
  const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(?: (.*))?$/.exec(text)
  if (parts === null) throw new Error(`neither a field nor a known word: ${text}`)
  return [parts[1]!, parts[2] ?? '']
}

/** `text` with its `<in 60 s>` and their like as HTTP-dates. */
export function withDates(text: string, nowMs: number): string {
  const moved = (base: number, sign: number) => (_: string, count: string, unit: string) =>
    formatHttpDate(base + sign * spanMs(count, unit))
  return text
    .replaceAll('<now>', formatHttpDate(nowMs))
    .replaceAll('<start>', formatHttpDate(startAt))
    .replace(new RegExp(`<in ${span}>`, 'g'), moved(nowMs, 1))
    .replace(new RegExp(`<${span} ago>`, 'g'), moved(nowMs, -1))
    .replace(new RegExp(`<start \\+ ${span}>`, 'g'), moved(startAt, 1))
    .replace(new RegExp(`<start - ${span}>`, 'g'), moved(startAt, -1))
}

function spanMs(count: string | undefined, unit: string | undefined): number {
  return Number(count) * unitsMs[unit ?? '']!
}
