import type { ExchangeEvent } from '../../src/base/events.ts'
import { Fields, type RawFields } from '../../src/http/fields.ts'
import type { OriginRequest } from '../../src/upstream/origin-fetcher.ts'
import type { RecordingClient } from './conversation-parties.ts'
import { home, type Line, type Parts } from './conversation-script.ts'

/** What happened where a line stands. */
export interface Seen {
  readonly client: RecordingClient
  /** The request that the origin answers next. */
  readonly request: OriginRequest | undefined
  readonly event: ExchangeEvent | undefined
  readonly interim: { readonly status: number; readonly fields: RawFields } | undefined
}

/** How what happened differs from what `line` says; empty when it does not. */
export function differences(line: Line, seen: Seen, date: (text: string) => string): string[] {
  switch (line.who) {
    case 'origin sees': {
      const { request } = seen
      if (request === undefined) return ['the origin was not asked']
      const asked = `${request.method} ${request.target.href}`
      const wrong = asked === `${line.method} ${line.url}` ? [] : [`the origin saw ${asked.replace(home, '')}`]
      return [...wrong, ...differentFields(line.parts, request.fields, date)]
    }
    case 'larder interim':
      if (seen.interim === undefined) return ['no such interim response']
      return [
        ...(seen.interim.status === line.status ? [] : [`it was a ${seen.interim.status}`]),
        ...differentFields(line.parts, seen.interim.fields, date),
      ]
    case 'larder':
    case 'larder to the other':
      return differentAnswer(line, seen, date)
    default:
      return []
  }
}

function differentAnswer(
  line: Extract<Line, { who: 'larder' | 'larder to the other' }>,
  seen: Seen,
  date: (text: string) => string,
): string[] {
  const { client, event } = seen
  const wrong: string[] = []
  const broken = !client.complete
  if (typeof line.status === 'number' && client.status !== line.status) wrong.push(`the status is ${client.status}`)
  if (broken !== (line.status === 'breaks off')) wrong.push(broken ? 'it breaks off' : 'it does not break off')
  const content = client.content.toString('latin1')
  if (line.parts.body !== undefined && content !== line.parts.body) wrong.push(`the body is "${content}"`)
  const length = client.head?.length
  if (!broken && typeof length === 'number' && line.status !== 'breaks off' && event?.method !== 'HEAD') {
    if (client.content.length !== length) wrong.push(`its length was told as ${length}`)
  }
  wrong.push(...differentFields(line.parts, client.head?.fields ?? [], date))
  wrong.push(...differentValues(line.parts.trailers, client.trailers, 'trailer ', date))
  wrong.push(...differentOutcome(line.outcome, event))
  if (wrong.length > 0 && event?.fault !== undefined) wrong.push(`fault ${event.fault}: ${event.detail}`)
  return wrong
}

function differentOutcome([result, stored]: readonly string[], event: ExchangeEvent | undefined): string[] {
  const wrong: string[] = []
  if (result !== undefined && event?.result !== result) wrong.push(`the result is ${event?.result}`)
  if (stored === undefined) return wrong
  const was = event?.stored === 'yes' ? 'stored' : `not stored: ${event?.stored}`
  if (was !== stored && was.split(':', 1)[0] !== stored) wrong.push(`it was ${was}`)
  return wrong
}

function differentFields(parts: Parts, raw: RawFields, date: (text: string) => string): string[] {
  const fields = new Fields(raw)
  return [
    ...differentValues(parts.fields, raw, '', date),
    ...parts.absent.filter((name) => fields.has(name)).map((name) => `it has ${name}: ${fields.get(name)}`),
    ...parts.present.filter((name) => !fields.has(name)).map((name) => `it has no ${name}`),
  ]
}

function differentValues(
  wanted: readonly string[],
  raw: RawFields,
  kind: string,
  date: (text: string) => string,
): string[] {
  const fields = new Fields(raw)
  const wrong: string[] = []
  for (const [name, value] of byName(wanted)) {
    const found = fields.get(name)
    if (found !== date(value)) wrong.push(found === undefined ? `no ${kind}${name}` : `${kind}${name} is ${found}`)
  }
  return wrong
}

/** A field that is said twice in a line is one with both values, as it is in a message. */
function byName(raw: readonly string[]): [string, string][] {
  const wanted = new Fields(raw)
  const names = new Set(raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
  return [...names].map((name) => [name, wanted.get(name)!])
}
