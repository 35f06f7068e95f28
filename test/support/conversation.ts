import assert from 'node:assert/strict'
import { composePipeline } from '../../src/app/compose.ts'
import type { ExchangeEvent } from '../../src/base/events.ts'
import { Fields } from '../../src/http/fields.ts'
import type { CachedResponse } from '../../src/pipeline/cached-response.ts'
import { Exchange } from '../../src/pipeline/exchange.ts'
import { run } from '../../src/pipeline/pipeline.ts'
import type { Services } from '../../src/pipeline/services.ts'
import type { Profile } from '../../src/policy/profile.ts'
import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { createHotResponses } from '../../src/store/lru-hot-responses.ts'
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts'
import { differences } from './conversation-differences.ts'
import { RecordingClient, ScriptedOrigin, StillClock } from './conversation-parties.ts'
import { type Line, readLine, withDates } from './conversation-script.ts'
import { testSettings } from './larder.ts'

/** A line that was not kept, and why. */
interface Broken {
  readonly at: number
  readonly why: string
}

type Said = { readonly at: number; readonly line: Line }

/**
 * Lets a client, Larder and an origin say the lines of `talk` (see `Line`), Larder's by its real pipeline over empty
 * stores. Fails with the whole conversation, the wrong line marked. An `origin` line that was not needed is wrong, and so
 * is a request for which the origin has no line.
 */
export async function converse(talk: readonly string[], profile: Profile): Promise<void> {
  const scene = new Scene(profile)
  try {
    const lines = talk.map((text, at) => ({ at, line: readLine(text) }))
    for (const turn of turnsOf(lines)) {
      const broken = await scene.play(turn)
      if (broken.length > 0) assert.fail(marked(talk, broken, profile))
    }
  } finally {
    await scene.close()
  }
}

/** Each begins where the client speaks or time passes. */
function turnsOf(lines: readonly Said[]): Said[][] {
  const turns: Said[][] = []
  for (const said of lines) {
    const begins = said.line.who === 'client' || said.line.who === 'time' || said.line.who === 'restart'
    if (begins) turns.push([said])
    else if (turns.length === 0) throw new Error('a conversation begins with the client')
    else turns.at(-1)!.push(said)
  }
  return turns
}

function marked(talk: readonly string[], broken: readonly Broken[], profile: Profile): string {
  const lines = talk.flatMap((text, at) => {
    const reasons = broken.filter((one) => one.at === at).map(({ why }) => `      ^ ${why}`)
    return [`${reasons.length > 0 ? '✗' : ' '} ${text}`, ...reasons]
  })
  return [`Profile ${profile}:`, ...lines].join('\n')
}

/** A pipeline with a clock, stores and an origin of its own. */
class Scene {
  readonly #clock = new StillClock()
  readonly #origin = new ScriptedOrigin(this.#clock)
  readonly #events: ExchangeEvent[] = []
  readonly #pending = new Set<Promise<unknown>>()
  readonly #services: Services
  readonly #close: () => Promise<void>
  #count = 0

  constructor(profile: Profile) {
    const observer = (event: { readonly kind: string }): void => {
      if (event.kind === 'exchange') this.#events.push(event as ExchangeEvent)
    }
    const blobs = new MemoryBlobStore()
    const index = createKeyvResponseIndex(new Map())
    const hot = createHotResponses<readonly CachedResponse[]>(1024 * 1024)
    const composed = composePipeline({
      settings: testSettings('/nowhere', { profile }),
      clock: this.#clock,
      observer,
      stores: { blobs, index, hot, close: async () => {} },
      listening: () => [],
      origins: { fetcher: this.#origin, dialer: { dial: () => assert.fail('nobody dials here') } },
    })
    this.#close = () => composed.close()
    this.#services = {
      ...composed.services,
      runLater: (exchange) => this.#track(exchange, run(exchange, this.#services, 'lookup')),
    }
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** Says the lines of a turn; answers those that were not kept. */
  async play(turn: readonly Said[]): Promise<readonly Broken[]> {
    const first = turn[0]!.line
    if (first.who === 'time') this.#clock.pass(first.passesMs)
    if (first.who === 'restart') this.#services.hot.clear()
    if (first.who !== 'client') return []
    const broken: Broken[] = []
    const asked = this.#origin.requests.length
    this.#cue(turn)
    const client = new RecordingClient(first.method)
    const sentAt = this.#clock.now()
    const exchange = this.#exchange(first, client)
    this.#track(exchange, run(exchange, this.#services))
    await this.#settled()
    for (const request of this.#origin.unexpected.splice(0)) {
      broken.push({ at: turn[0]!.at, why: `the origin has no answer for ${request.method} ${request.target.href}` })
    }
    let answered = asked
    let interims = 0
    const answers = turn.filter(({ line }) => line.who === 'origin')
    const unused = answers.slice(answers.length - this.#origin.leftCount)
    for (const { at, line } of turn) {
      if (line.who === 'origin') {
        if (unused.some((one) => one.at === at)) broken.push({ at, why: 'the origin was not asked for this' })
        answered += 1
      }
      const date = (text: string): string => withDates(text, sentAt)
      const seen = {
        client,
        request: this.#origin.requests[answered],
        event: this.#events.find((event) => event.id === exchange.id),
        interim: line.who === 'larder interim' ? client.interims[interims++] : undefined,
      }
      for (const why of differences(line, seen, date)) broken.push({ at, why })
    }
    if (interims < client.interims.length) {
      broken.push({ at: turn[0]!.at, why: `the client got ${client.interims.length} interim responses` })
    }
    return broken
  }

  /** Tells the origin its lines. */
  #cue(turn: readonly Said[]): void {
    let interims: Extract<Line, { who: 'origin interim' }>[] = []
    for (const { line } of turn) {
      if (line.who === 'origin interim') interims.push(line)
      if (line.who !== 'origin') continue
      this.#origin.willAnswer(line, interims)
      interims = []
    }
  }

  #exchange({ method, url, parts }: Extract<Line, { who: 'client' }>, client: RecordingClient): Exchange {
    const body = parts.body === undefined ? undefined : Buffer.from(parts.body)
    const raw = parts.fields.map((text) => withDates(text, this.#clock.now()))
    raw.unshift('Host', new URL(url).host)
    if (body !== undefined) raw.push('Content-Length', String(body.length))
    const request = {
      method,
      requestTarget: url,
      httpVersion: '1.1',
      fields: new Fields(raw),
      body: body && { sizeBytes: body.length, chunks: once(body) },
      client: { address: '192.0.2.1', userAgent: undefined },
      tunnel: undefined,
    }
    this.#count += 1
    return new Exchange(`talk-${this.#count}`, request, client, this.#clock.now(), this.#clock.elapsed())
  }

  #track(exchange: Exchange, running: void | Promise<void>): void {
    const over = Promise.resolve(running).then(() => exchange.filled)
    this.#pending.add(over)
    void over.finally(() => this.#pending.delete(over))
  }

  /** Waits until nothing goes on any more: exchanges, their fills, validations behind the client's back, the index. */
  async #settled(): Promise<void> {
    do {
      await Promise.all(this.#pending)
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    } while (this.#pending.size > 0)
  }
}

async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes
}
