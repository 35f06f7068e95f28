import type { EventEmitter } from 'node:events'
import { isIP } from 'node:net'
import KeyvRedis, { createClient, type RedisClientType } from '@keyv/redis'
import { type RemoteStorage, ServerRefusal } from './remote-storage.ts'

export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** Certificates in PEM that the server is verified against; `undefined`: no TLS. */
  readonly roots: string | undefined
  readonly prefix: string
}

const connectMs = 2_000
const longestPauseMs = 2_000
const pingEveryMs = 10_000
const mostCommandsWaiting = 10_000

/** Records in Redis or Valkey. */
export class RedisStorage implements RemoteStorage {
  readonly callsAtOnce = 64
  readonly #server: RedisServer
  #keyv: KeyvRedis<string>
  #connected: Promise<unknown>

  constructor(server: RedisServer) {
    this.#server = server
    ;[this.#keyv, this.#connected] = this.#connect()
  }

  get(name: string): Promise<string | undefined> {
    return answered(this.#keyv.get<string>(name))
  }

  set(name: string, text: string): Promise<void> {
    return answered(this.#keyv.set(name, text))
  }

  delete(name: string): Promise<boolean> {
    return answered(this.#keyv.delete(name))
  }

  async ping(): Promise<void> {
    if (!this.#client.isReady) await this.#connected
    await answered(this.#client.ping())
  }

  async *texts(): AsyncIterable<string> {
    const seen = new Set<string>()
    // A scan may name a key twice.
    for await (const [name, text] of this.#keyv.iterator<string>(this.#server.prefix)) {
      if (text === undefined || seen.has(name)) continue
      seen.add(name)
      yield text
    }
  }

  reset(): void {
    this.#leave()
    ;[this.#keyv, this.#connected] = this.#connect()
  }

  async close(): Promise<void> {
    this.#leave()
  }

  get #client(): RedisClientType {
    return this.#keyv.client as RedisClientType
  }

  #leave(): void {
    if (this.#client.isOpen) this.#client.destroy()
  }

  #connect(): [KeyvRedis<string>, Promise<unknown>] {
    const { host, port, user, password, database, roots, prefix } = this.#server
    const servername = isIP(host) === 0 ? host : undefined
    const pause = { connectTimeout: connectMs, reconnectStrategy: pauseMs }
    const client = createClient({
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password }),
      database,
      // Without a connection a command fails at once.
      disableOfflineQueue: true,
      commandsQueueMaxLength: mostCommandsWaiting,
      pingInterval: pingEveryMs,
      // A command that a login would need the right to.
      disableClientInfo: true,
      socket:
        roots === undefined ? { host, port, ...pause } : { host, port, ...pause, tls: true, ca: roots, servername },
    })
    const keyv = new KeyvRedis<string>(client, { namespace: prefix, keyPrefixSeparator: ':', throwOnErrors: true })
    // Those who ask get the reason; without a listener the process would end.
    keyv.on('error', () => {})
    client.on('error', () => {})
    // The client tries for ever; of the first attempt it is told how it failed.
    const connected = Promise.race([client.connect(), firstError(client)])
    connected.catch(() => {})
    return [keyv, connected]
  }
}

function firstError(client: EventEmitter): Promise<never> {
  return new Promise((_, reject) => client.once('error', reject))
}

function pauseMs(attempts: number): number {
  return Math.min(100 * 2 ** attempts, longestPauseMs)
}

/** An error reply has a word in capitals in front, such as `OOM` or `READONLY`. */
async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply
  } catch (error) {
    const { message } = error as Error
    throw /^[A-Z]{2,} /.test(message) && !/^LOADING /.test(message) ? new ServerRefusal(message) : error
  }
}
