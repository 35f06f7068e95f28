import assert from 'node:assert/strict'
import { composePipeline } from '../../src/app/compose.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { ExchangeEvent } from '../../src/base/events.ts'
import { Fields, type RawFields } from '../../src/http/fields.ts'
import type { CachedResponse } from '../../src/pipeline/cached-response.ts'
import { type ClientResponse, Exchange } from '../../src/pipeline/exchange.ts'
import { explainExchange } from '../../src/pipeline/explain-exchange.ts'
import { explainUrl } from '../../src/pipeline/explain-url.ts'
import type { Explanation } from '../../src/pipeline/explanation.ts'
import { run } from '../../src/pipeline/pipeline.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { StoreHealth } from '../../src/pipeline/store-health.ts'
import { type LeavingLimits, leavingLimits } from '../../src/policy/leaving.ts'
import type { Profile } from '../../src/policy/profile.ts'
import { type SparseLimits, sparseLimits } from '../../src/policy/sparse.ts'
import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { createHotResponses } from '../../src/store/lru-hot-responses.ts'
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts'
import { createOfflineOrigins } from '../../src/upstream/offline-origins.ts'
import type { OriginFetcher } from '../../src/upstream/origin-fetcher.ts'
import { testSettings } from './larder.ts'

/** What a client of a scene asks. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly fields: RawFields
  readonly body?: Buffer | undefined
}

/** What a scene plays with in place of what is usual. */
export interface SceneLimits {
  readonly leaving?: LeavingLimits
  readonly sparse?: SparseLimits
}

/** The real pipeline, with a clock, stores in memory and origins of the test's own; no socket anywhere. */
export class Scene {
  readonly #clock: Clock
  readonly #events: ExchangeEvent[] = []
  readonly #pending = new Set<Promise<unknown>>()
  #services: Services
  readonly #close: () => Promise<void>
  #count = 0

  constructor(profile: Profile, clock: Clock, fetcher: OriginFetcher, limits: SceneLimits = {}) {
    this.#clock = clock
    const observer = (event: { readonly kind: string }): void => {
      if (event.kind === 'exchange') this.#events.push(event as ExchangeEvent)
    }
    const composed = composePipeline({
      settings: testSettings('/nowhere', { profile }),
      clock,
      observer,
      stores: {
        blobs: new MemoryBlobStore(),
        index: createKeyvResponseIndex(new Map()),
        hot: createHotResponses<readonly CachedResponse[]>(1024 * 1024),
        health: new StoreHealth(observer),
        quota: undefined,
        touch: (_, slot) => slot,
        opened: Promise.resolve(),
        close: async () => {},
      },
      listening: () => [],
      origins: {
        fetcher,
        dialer: { dial: () => assert.fail('nobody dials here') },
        health: () => [],
        parents: () => [],
      },
    })
    this.#close = () => composed.close()
    this.#services = {
      ...composed.services,
      leaving: limits.leaving ?? leavingLimits,
      sparse: limits.sparse ?? sparseLimits,
      runLater: (exchange) => {
        run(exchange, this.#services, 'lookup')
        this.#track(exchange)
      },
    }
  }

  /** Hands a request to the pipeline; answers the exchange, which may be under way still. */
  ask({ method, url, fields, body }: Asked, client: ClientResponse): Exchange {
    const raw = ['Host', new URL(url).host, ...fields]
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
    const exchange = new Exchange(`s-${this.#count}`, request, client, this.#clock.now(), this.#clock.elapsed())
    run(exchange, this.#services)
    this.#track(exchange)
    return exchange
  }

  /** What was reported of an exchange; `undefined` before it is over. */
  eventOf(exchange: Exchange): ExchangeEvent | undefined {
    return this.#events.find((event) => event.id === exchange.id)
  }

  /** What the pipeline says that would become of a GET. */
  explain(url: string, fields: RawFields): Promise<Explanation> {
    return explainUrl(url, fields, this.#services)
  }

  /** What it says of a finished exchange; `undefined`: nothing any more. */
  recall(exchange: Exchange): Explanation | undefined {
    const past = this.#services.recent.find(exchange.id)
    return past && explainExchange(past, this.#services)
  }

  /** As a restart: what is in memory alone is gone. */
  forgetMemory(): void {
    this.#services.hot.clear()
  }

  /** As a restart with --offline. */
  goOffline(): void {
    this.forgetMemory()
    this.#services = { ...this.#services, isOffline: true, origins: createOfflineOrigins().fetcher }
  }

  /** Waits until nothing goes on any more: exchanges, their fills, validations behind the client's back, the index. */
  async settled(): Promise<void> {
    do {
      await Promise.all(this.#pending)
      await breathe()
    } while (this.#pending.size > 0)
  }

  close(): Promise<void> {
    return this.#close()
  }

  #track(exchange: Exchange): void {
    const over = new Promise<void>((resolve) => exchange.onOver(resolve))
    this.#pending.add(over)
    void over.finally(() => this.#pending.delete(over))
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function breathe(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes
}
