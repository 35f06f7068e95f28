import { Fault } from '../base/faults.ts'
import type { Stored } from '../base/results.ts'
import { whenUnread } from '../policy/leaving.ts'
import type { BlobWriter } from '../store/blob-store.ts'
import type { BodySink, OriginResponse } from '../upstream/origin-fetcher.ts'
import { isTransient } from '../upstream/retry-schedule.ts'
import type { Exchange, Filling } from './exchange.ts'
import { type Filled, keepPart, store, whyNotStored } from './fill-store.ts'
import type { GrowingResponse } from './growing-response.ts'
import type { Services } from './services.ts'

/** How far a fill goes that nobody reads. */
interface Bound {
  readonly untilBytes: number
  /** On the monotonic clock. */
  readonly untilMs: number
}

/**
 * The content on its way from the origin into the blob. It belongs to the flight: which clients read it, and how fast, is
 * nothing to it, but when none is left it goes on only as far as the policy says.
 */
export class FillFlow implements BodySink, Filling {
  readonly #filled: Filled
  #stored: Stored | undefined
  readonly #listeners: ((stored: Stored) => void)[] = []
  #upstream: OriginResponse | undefined
  #bound: Bound | undefined

  constructor(exchange: Exchange, services: Services, growing: GrowingResponse, writer: BlobWriter) {
    const fill = services.fills.begin(exchange.key, exchange.invalidationCount)
    this.#filled = { exchange, services, growing, writer, fill }
    this.#upstream = exchange.upstream!
    growing.blob.onWritable(() => this.#upstream?.resume())
    growing.blob.onUnread((early) => this.#unread(early))
    this.#upstream.consume(this)
  }

  onStored(listener: (stored: Stored) => void): void {
    if (this.#stored === undefined) this.#listeners.push(listener)
    else listener(this.#stored)
  }

  chunk(bytes: Buffer): boolean {
    const { exchange, growing } = this.#filled
    exchange.originBytes += bytes.length
    const writable = growing.blob.append(bytes)
    if (this.#bound !== undefined) this.#checkBound(this.#bound)
    return writable
  }

  end(): void {
    this.#filled.growing.blob.complete()
    this.#letGo()
    store(this.#filled, (stored) => this.#over(stored))
  }

  fail(fault: Fault): void {
    const { exchange, growing, writer } = this.#filled
    growing.blob.fail(fault)
    exchange.fault ??= fault
    this.#letGo()
    exchange.flight?.land()
    // After a fault of another kind what came before it is not to be trusted either.
    const kept = isTransient(fault) ? keepPart(this.#filled) : writer.abort()
    kept.then(() => this.#over('origin-fault'))
  }

  /** What now waits for the disk must not keep the origin's side in memory. */
  #letGo(): void {
    const { exchange } = this.#filled
    this.#upstream = exchange.upstream = exchange.upstreamFields = undefined
  }

  #over(stored: Stored): void {
    const { exchange, fill } = this.#filled
    exchange.flight?.land()
    fill.end()
    this.#stored = stored
    for (const listener of this.#listeners) listener(stored)
  }

  /** Followers who have the leader's word, but not begun to read, do so before this turn of the event loop is over. */
  #unread(early: boolean): void {
    setImmediate(() => this.#decide(early))
  }

  #decide(early: boolean): void {
    const { exchange, services, growing } = this.#filled
    const { blob, declaredBytes } = growing
    if (this.#upstream === undefined || blob.isRead) return
    if (blob.storeFault !== undefined) return this.#abandon(blob.storeFault)
    const served = !early || exchange.request.background === true
    const leaving = whenUnread({ doneBytes: blob.doneBytes, declaredBytes, served }, services.leaving)
    if (leaving.kind === 'stop') return this.#stop()
    this.#bound = { untilBytes: leaving.untilBytes, untilMs: services.clock.elapsed() + leaving.withinMs }
  }

  #checkBound({ untilBytes, untilMs }: Bound): void {
    const { services, growing } = this.#filled
    if (growing.blob.isRead) this.#bound = undefined
    else if (growing.blob.sizeBytes > untilBytes || services.clock.elapsed() > untilMs) {
      setImmediate(() => {
        if (this.#upstream !== undefined && !growing.blob.isRead) this.#stop()
      })
    }
  }

  /** Nobody is there: the origin need not go on. */
  #stop(): void {
    const { exchange, growing } = this.#filled
    this.#upstream!.cancel()
    this.#letGo()
    exchange.flight?.land()
    growing.blob.fail(new Fault('INTERNAL_UNEXPECTED', 'the fill was given up when nobody read it any more'))
    keepPart(this.#filled).then(() => this.#over('client-aborted'))
  }

  /** Neither a store to keep the content nor anybody to read it: nobody is served by going on. */
  #abandon(storeFault: Fault): void {
    const { services, growing, writer } = this.#filled
    this.#upstream!.cancel()
    this.#letGo()
    services.storeHealth.failed(storeFault)
    growing.blob.fail(storeFault)
    void writer.abort()
    this.#over(whyNotStored(storeFault))
  }
}
