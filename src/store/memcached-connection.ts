import { connect, type Socket } from 'node:net'

/** A line that the server answers, with the data that follows it. */
export interface MemcachedReply {
  readonly line: string
  readonly data: Buffer | undefined
}

interface Waiting {
  /** Lines are gathered until one is `END`. */
  readonly untilEnd: boolean
  readonly lines: string[]
  readonly resolve: (reply: MemcachedReply) => void
  readonly reject: (error: Error) => void
}

const longestLine = 2_048
const lineEnd = '\r\n'
const carriageReturn = 13

/** One connection to memcached, by its meta commands; what is asked meanwhile is answered in order. */
export class MemcachedConnection {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #rest: Buffer = Buffer.alloc(0)
  #error: Error | undefined
  readonly connected: Promise<void>

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true })
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve)
      this.#socket.once('close', () => reject(this.#error))
    })
    this.connected.catch(() => {})
    this.#socket.on('data', (bytes) => this.#take(bytes))
    this.#socket.on('error', (error) => this.#end(error))
    this.#socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  get isUsable(): boolean {
    return this.#error === undefined && !this.#socket.connecting
  }

  ask(command: string | Buffer): Promise<MemcachedReply> {
    return this.#ask(command, false)
  }

  /** The lines of a listing. */
  async list(command: string): Promise<readonly string[]> {
    const { line } = await this.#ask(command, true)
    return line.split(lineEnd)
  }

  destroy(error = new Error('the connection was left')): void {
    this.#end(error)
  }

  #ask(command: string | Buffer, untilEnd: boolean): Promise<MemcachedReply> {
    return new Promise((resolve, reject) => {
      if (!this.isUsable) return reject(this.#error ?? new Error('not connected yet'))
      this.#waiting.push({ untilEnd, lines: [], resolve, reject })
      this.#socket.write(command)
    })
  }

  #end(error: Error): void {
    this.#error ??= error
    this.#socket.destroy()
    this.#rest = Buffer.alloc(0)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#error)
  }

  #take(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#error === undefined && this.#step()) {}
  }

  /** Answers whether there may be more. */
  #step(): boolean {
    // Listings end their lines with a line feed alone.
    const end = this.#rest.indexOf('\n')
    if (end < 0) {
      if (this.#rest.length > longestLine) this.#end(new Error('the server does not speak as memcached does'))
      return false
    }
    const line = this.#rest.toString('latin1', 0, this.#rest[end - 1] === carriageReturn ? end - 1 : end)
    const size = /^VA (\d{1,10})/.exec(line)?.[1]
    const dataEnd = end + 1 + (size === undefined ? 0 : Number(size) + lineEnd.length)
    if (this.#rest.length < dataEnd) return false
    const data = size === undefined ? undefined : this.#rest.subarray(end + 1, dataEnd - lineEnd.length)
    this.#rest = this.#rest.subarray(dataEnd)
    this.#answer(line, data)
    return this.#rest.length > 0
  }

  #answer(line: string, data: Buffer | undefined): void {
    const first = this.#waiting[0]
    if (first === undefined) return this.#end(new Error('the server answered what nobody asked'))
    if (first.untilEnd && line !== 'END' && !/^(?:BUSY|ERROR|CLIENT_ERROR|SERVER_ERROR)/.test(line)) {
      first.lines.push(line)
      return
    }
    this.#waiting.shift()
    first.resolve({ line: first.untilEnd && line === 'END' ? first.lines.join(lineEnd) : line, data })
  }
}
