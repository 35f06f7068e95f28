import { MemcachedConnection } from './memcached-connection.ts'
import { type RemoteStorage, ServerRefusal } from './remote-storage.ts'

export interface MemcachedServer {
  readonly host: string
  readonly port: number
  readonly prefix: string
}

/** Records in memcached, which forgets what was not asked for when its memory is full, and everything when it ends. */
export class MemcachedStorage implements RemoteStorage {
  readonly callsAtOnce = 64
  readonly #server: MemcachedServer
  #connection: MemcachedConnection

  constructor(server: MemcachedServer) {
    this.#server = server
    this.#connection = this.#connect()
  }

  async get(name: string): Promise<string | undefined> {
    const { line, data } = await this.#connection.ask(`mg ${this.#key(name)} v\r\n`)
    if (data !== undefined) return data.toString('utf8')
    if (line === 'EN') return undefined
    throw refusal(line)
  }

  async set(name: string, text: string): Promise<void> {
    const data = Buffer.from(text)
    const command = Buffer.concat([Buffer.from(`ms ${this.#key(name)} ${data.length}\r\n`), data, Buffer.from('\r\n')])
    const { line } = await this.#connection.ask(command)
    if (!line.startsWith('HD')) throw refusal(line)
  }

  async delete(name: string): Promise<boolean> {
    const { line } = await this.#connection.ask(`md ${this.#key(name)}\r\n`)
    if (line.startsWith('HD')) return true
    if (line.startsWith('NF')) return false
    throw refusal(line)
  }

  async ping(): Promise<void> {
    if (!this.#connection.isUsable) {
      this.#connection.destroy()
      this.#connection = this.#connect()
    }
    await this.#connection.connected
    const { line } = await this.#connection.ask('mn\r\n')
    if (line !== 'MN') throw refusal(line)
  }

  /** By a connection of its own: a long listing must not keep requests waiting. */
  async *texts(): AsyncIterable<string> {
    const listing = this.#connect()
    try {
      await listing.connected
      const start = `key=${this.#server.prefix}%3A`
      const lines = await listing.list('lru_crawler metadump all\r\n')
      const names = new Set(lines.filter((line) => line.startsWith(start)).map((line) => nameIn(line, start)))
      for (const name of names) {
        const text = await this.get(name)
        if (text !== undefined) yield text
      }
    } finally {
      listing.destroy()
    }
  }

  reset(): void {
    this.#connection.destroy()
    this.#connection = this.#connect()
  }

  async close(): Promise<void> {
    this.#connection.destroy()
  }

  #key(name: string): string {
    return `${this.#server.prefix}:${name}`
  }

  #connect(): MemcachedConnection {
    return new MemcachedConnection(this.#server.host, this.#server.port)
  }
}

const nameIn = (line: string, start: string): string => line.slice(start.length, line.indexOf(' ', start.length))

function refusal(line: string): ServerRefusal {
  return new ServerRefusal(line, /object too large|bad data chunk/.test(line))
}
