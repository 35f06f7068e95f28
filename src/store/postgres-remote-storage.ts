import { isIP, Socket } from 'node:net'
import { Pool } from 'pg'
import { type RemoteStorage, ServerRefusal } from './remote-storage.ts'

export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
  /** Empty: as the user is called. */
  readonly database: string
  /** Certificates in PEM that the server is verified against; `undefined`: no TLS. */
  readonly roots: string | undefined
  /** What the table's name begins with. */
  readonly prefix: string
}

const connectMs = 2_000
const queryMs = 5_000
const connectionCount = 4
const idleMs = 60_000
const pageCount = 200
/** SQLSTATE: the connection, not the statement, is what is wrong; a class, or a whole code. */
const noAnswer = /^(?:08|57P|53300)/
/** Data that cannot be stored: about this text alone. */
const ofText = /^(?:22|54)/
const noTable = '42P01'
/** Another daemon made it at the same time. */
const alreadyThere = new Set(['23505', '42P07'])

const pingQuery = { name: 'larder ping', text: 'SELECT 1' }

interface Query {
  readonly name: string
  readonly text: string
}

/** Records in a table of Postgres, which is made when it is not there. */
export class PostgresStorage implements RemoteStorage {
  readonly callsAtOnce = connectionCount
  readonly #server: PostgresServer
  readonly #table: string
  readonly #sockets = new Set<Socket>()
  #pool: Pool
  #prepared: Promise<void> | undefined

  constructor(server: PostgresServer) {
    this.#server = server
    this.#table = `${server.prefix}_index`
    this.#pool = this.#connect()
  }

  async get(name: string): Promise<string | undefined> {
    const text = `SELECT record FROM ${this.#table} WHERE name = $1`
    const rows = await this.#ask<{ record: string }>({ name: 'larder get', text }, [name])
    return rows[0]?.record
  }

  async set(name: string, record: string): Promise<void> {
    const text = `INSERT INTO ${this.#table} (name, record) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET record = excluded.record`
    await this.#ask({ name: 'larder set', text }, [name, record])
  }

  async delete(name: string): Promise<boolean> {
    const text = `DELETE FROM ${this.#table} WHERE name = $1 RETURNING name`
    return (await this.#ask({ name: 'larder delete', text }, [name])).length > 0
  }

  async ping(): Promise<void> {
    this.#prepared ??= this.#prepare()
    try {
      await this.#prepared
    } catch (error) {
      this.#prepared = undefined
      throw error
    }
    await this.#ask(pingQuery, [])
  }

  async *texts(): AsyncIterable<string> {
    const text = `SELECT name, record FROM ${this.#table} WHERE name > $1 ORDER BY name LIMIT ${pageCount}`
    for (let last = ''; ; ) {
      const rows = await this.#ask<{ name: string; record: string }>({ name: 'larder page', text }, [last])
      if (rows.length === 0) return
      for (const { record } of rows) yield record
      last = rows.at(-1)!.name
    }
  }

  reset(): void {
    this.#leave()
    this.#prepared = undefined
    this.#pool = this.#connect()
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => {})
    this.#leave()
  }

  /** Its sockets are ours, because the pool waits for answers that never come. */
  #leave(): void {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#pool.ending) this.#pool.end().catch(() => {})
  }

  /** A connection takes longer to make than a call may take, so all are made beforehand. */
  async #prepare(): Promise<void> {
    await this.#makeTable()
    await Promise.all(Array.from({ length: connectionCount }, () => this.#ask(pingQuery, [])))
  }

  async #makeTable(): Promise<void> {
    const known = await this.#ask<{ table: string | null }>({ name: '', text: 'SELECT to_regclass($1) AS table' }, [
      this.#table,
    ])
    if (known[0]?.table) return
    const columns = 'name text COLLATE "C" PRIMARY KEY, record text NOT NULL'
    await this.#pool.query(`CREATE TABLE IF NOT EXISTS ${this.#table} (${columns})`).catch((error) => {
      if (!alreadyThere.has(error.code)) throw error
    })
  }

  async #ask<Row>({ name, text }: Query, values: unknown[]): Promise<Row[]> {
    try {
      const query = name === '' ? { text, values } : { name, text, values }
      return (await this.#pool.query(query)).rows as Row[]
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string }
      if (code === noTable) this.#prepared = undefined
      if (!/^[0-9A-Z]{5}$/.test(code) || !('severity' in (error as object)) || noAnswer.test(code)) throw error
      throw new ServerRefusal(message, ofText.test(code))
    }
  }

  #connect(): Pool {
    const { host, port, user, password, database, roots } = this.#server
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const pool = new Pool({
      host,
      port,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(database === '' ? {} : { database }),
      ssl: roots === undefined ? false : { ca: roots, rejectUnauthorized: true, ...servername },
      application_name: 'larder',
      max: connectionCount,
      connectionTimeoutMillis: connectMs,
      query_timeout: queryMs,
      idleTimeoutMillis: idleMs,
      keepAlive: true,
      stream: () => this.#socket(),
    })
    // An idle connection that breaks is replaced by the pool; without a listener the process would end.
    pool.on('error', () => {})
    return pool
  }

  #socket(): Socket {
    const socket = new Socket()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}
