import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface LeavingClientOptions {
  readonly method?: string
  /** Further lines of the request's head. */
  readonly lines?: readonly string[]
  /** Read nothing before `read()`. */
  readonly paused?: boolean
}

/** How a client leaves: by closing its socket, or by a reset. */
export type Departure = 'close' | 'reset'

/** A client with a connection of its own, which counts what it gets and may leave at any byte. */
export class LeavingClient {
  readonly #socket: Socket
  readonly #hash = createHash('sha256')
  readonly #ended = Promise.withResolvers<void>()
  readonly #waiting: { readonly ready: () => boolean; readonly tell: () => void }[] = []
  #early: Buffer = Buffer.alloc(0)
  /** Settles when the request has left this process. */
  readonly asked: Promise<void>
  head: string | undefined
  seenBytes = 0

  constructor(proxyPort: number, url: string, options: LeavingClientOptions = {}) {
    const { method = 'GET', lines = [], paused = false } = options
    const head = [`${method} ${url} HTTP/1.1`, `Host: ${new URL(url).host}`, ...lines]
    this.#socket = connect(proxyPort, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#ended.resolve())
    this.#socket.on('data', (bytes) => this.#take(bytes))
    if (paused) this.#socket.pause()
    this.asked = new Promise((resolve) => this.#socket.write(`${head.join('\r\n')}\r\n\r\n`, () => resolve()))
  }

  get #expectedBytes(): number {
    return Number(/\r\ncontent-length: (\d+)/i.exec(this.head ?? '')?.[1] ?? 0)
  }

  get isComplete(): boolean {
    return this.head !== undefined && this.seenBytes === this.#expectedBytes
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head ?? '')?.[1] ?? 0)
  }

  /** The value of `Cache-Status`. */
  get cacheStatus(): string {
    return /\r\ncache-status: (.*)\r\n/i.exec(this.head ?? '')?.[1] ?? ''
  }

  get digest(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Resolves once it has the head. */
  whenHead(): Promise<void> {
    return this.#when(() => this.head !== undefined)
  }

  /** Resolves once it has so many bytes of content. */
  whenSeen(count: number): Promise<void> {
    return this.#when(() => this.seenBytes >= count)
  }

  /** Resolves once it has all that was announced; rejects when the connection ends before. */
  async whenComplete(): Promise<void> {
    const complete = this.#when(() => this.isComplete)
    await Promise.race([complete, this.#ended.promise])
    if (!this.isComplete) throw new Error(`the connection ended after ${this.seenBytes} bytes`)
  }

  whenClosed(): Promise<void> {
    return this.#ended.promise
  }

  read(): void {
    this.#socket.resume()
  }

  /** Ends its own direction, and goes on reading. */
  halfClose(): void {
    this.#socket.end()
  }

  leave(how: Departure = 'close'): Promise<void> {
    if (how === 'reset') this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    return this.#ended.promise
  }

  #when(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((tell) => this.#waiting.push({ ready, tell }))
  }

  #take(bytes: Buffer): void {
    let content = bytes
    if (this.head === undefined) {
      this.#early = Buffer.concat([this.#early, bytes])
      const end = this.#early.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#early.toString('latin1', 0, end + 4)
      content = this.#early.subarray(end + 4)
    }
    this.#hash.update(content)
    this.seenBytes += content.length
    for (const { ready, tell } of this.#waiting) if (ready()) tell()
  }
}
