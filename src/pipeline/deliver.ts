import { cacheStatus } from '../http/cache-status.ts'
import { evaluateConditions, ifRangeHolds } from '../http/conditions.ts'
import { resolveRange } from '../http/range.ts'
import type { Deliverable } from './deliverable.ts'
import type { Exchange, ResponseHead } from './exchange.ts'
import { pump } from './pump.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'

/** The one place where a cached body, finished or still growing, reaches a client: leaders, followers and hits all pass here. */
export const deliver: Step<'deliver'> = (exchange, services) => {
  const item = exchange.delivery!
  const conditional = conditionalStatus(exchange, item)
  if (conditional !== undefined) return answerCondition(exchange, services, item, conditional)
  const range = rangeOf(exchange, item)
  if (range === 'unsatisfiable') return answerUnsatisfiable(exchange, services, item)
  if (item.content !== undefined) return answerFromMemory(exchange, services, item, item.content, range)
  return stream(exchange, services, item, range)
}

interface PartOf {
  readonly first: number
  readonly last: number
  readonly sizeBytes: number
}

/** RFC 9110 section 13.2.2: conditions come before ranges. */
function conditionalStatus(exchange: Exchange, item: Deliverable): 304 | 412 | undefined {
  const { fields } = exchange.request
  if (item.status !== 200) return undefined
  switch (evaluateConditions(fields, item)) {
    case 'not-modified':
      return 304
    case 'precondition-failed':
      return 412
    case 'proceed':
      return undefined
  }
}

/** One satisfiable range of a complete 200 is answered by 206; several, or another unit, by the whole (RFC 9110 section 14.2). */
function rangeOf(exchange: Exchange, item: Deliverable): PartOf | 'unsatisfiable' | undefined {
  const { fields, method } = exchange.request
  const value = fields.get('range')
  if (value === undefined || method !== 'GET' || item.status !== 200 || item.sizeBytes === undefined) return undefined
  if (!ifRangeHolds(fields, item)) return undefined
  const range = resolveRange(value, item.sizeBytes)
  if (range.kind === 'whole') return undefined
  if (range.kind === 'unsatisfiable') return 'unsatisfiable'
  return { first: range.first, last: range.last, sizeBytes: item.sizeBytes }
}

function headFields(exchange: Exchange, services: Services, item: Deliverable): string[] {
  const detail = exchange.result === 'stale-on-error' ? exchange.fault?.code : mirrorDetail(exchange)
  return item.fieldsNow(services.clock.now(), cacheStatus(exchange.result, exchange.ttlSeconds, detail))
}

function mirrorDetail({ mirror }: Exchange): string | undefined {
  return mirror && `mirror:${mirror}`
}

function answerCondition(exchange: Exchange, services: Services, item: Deliverable, status: 304 | 412): 'finish' {
  const fields = withoutContentFields(headFields(exchange, services, item))
  if (status === 304 && exchange.result === 'hit') exchange.result = 'hit-not-modified'
  exchange.response.sendWhole({ status, fields, length: status === 304 ? 'none' : 0 }, Buffer.alloc(0))
  exchange.source?.close(exchange.response.aborted)
  return 'finish'
}

function answerUnsatisfiable(exchange: Exchange, services: Services, item: Deliverable): 'finish' {
  const fields = withoutContentFields(headFields(exchange, services, item))
  fields.push('Content-Range', `bytes */${item.sizeBytes}`)
  exchange.response.sendWhole({ status: 416, fields, length: 0 }, Buffer.alloc(0))
  exchange.source?.close(exchange.response.aborted)
  return 'finish'
}

function answerFromMemory(
  exchange: Exchange,
  services: Services,
  item: Deliverable,
  content: Buffer,
  part: PartOf | undefined,
): 'finish' {
  const head = responseHead(exchange, services, item, part)
  const bytes = part === undefined ? content : content.subarray(part.first, part.last + 1)
  exchange.response.sendWhole(head, bytes)
  exchange.source?.close(exchange.response.aborted)
  return 'finish'
}

function stream(
  exchange: Exchange,
  services: Services,
  item: Deliverable,
  part: PartOf | undefined,
): 'finish' | Promise<'finish'> {
  const { response, source } = exchange
  response.sendHead(responseHead(exchange, services, item, part))
  if (exchange.request.method === 'HEAD' || source === undefined) {
    response.end()
    source?.close(response.aborted)
    return 'finish'
  }
  const first = part?.first ?? 0
  const end = part === undefined ? item.sizeBytes : part.last + 1
  const onFirstByte = (): void => {
    exchange.firstByteMs = services.clock.elapsed() - exchange.startedMs
  }
  return new Promise((resolve) => {
    pump({ source, response, first, end, onFirstByte }, (ended) => {
      if (ended.kind === 'done') response.end()
      else response.destroy()
      if (ended.kind === 'broken') exchange.fault ??= ended.fault
      resolve('finish')
    })
  })
}

function responseHead(
  exchange: Exchange,
  services: Services,
  item: Deliverable,
  part: PartOf | undefined,
): ResponseHead {
  const all = headFields(exchange, services, item)
  if (part === undefined) return { status: item.status, fields: all, length: item.sizeBytes }
  const fields = without(all, ofWholeContent)
  fields.push('Content-Range', `bytes ${part.first}-${part.last}/${part.sizeBytes}`)
  return { status: 206, fields, length: part.last - part.first + 1 }
}

/** Fields about the content of the message, so not about another range of it (RFC 9530 section 2). */
const ofWholeContent = new Set(['content-digest', 'content-md5', 'content-range'])

function without(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}

/** A 304 or 412 carries no representation metadata (RFC 9110 section 15.4.5). */
function withoutContentFields(fields: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    if (name === 'content-location' || !(name.startsWith('content-') || name === 'repr-digest')) {
      kept.push(fields[i]!, fields[i + 1]!)
    }
  }
  return kept
}
