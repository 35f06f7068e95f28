import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

import { sendAll } from './fault-origin.ts'

/** How the server departs from what it should do. Without any of it, it serves one file, `/file`. */
export interface FtpFaults {
  /** The content of `/file`. */
  readonly content?: Buffer
  /**
   * Replies by command word, instead of the right ones; `CONNECT` is the greeting. An empty one: none at all. Of several, each
   * serves once, and the last one for ever.
   */
  readonly replies?: { readonly [word: string]: string | readonly string[] }
  /** Every control connection obeys so many commands; the next one it answers with `words`, if any, and ends. */
  readonly hangsUp?: { readonly afterCount: number; readonly words: string }
  /** What is printed for LIST. */
  readonly listing?: string
  /** Bytes of the content that are sent before the data connection ends. */
  readonly sentBytes?: number
  /** How the data connection ends: closed, reset, or never. */
  readonly dataEnd?: 'fin' | 'reset' | 'never'
  /** The reply after the data; empty: none; `fin`: the control connection is closed instead. */
  readonly confirmation?: string
  /** Sends each reply in pieces of one byte. */
  readonly dribble?: boolean
}

export interface FaultFtp {
  readonly port: number
  /** Command lines, as they came. */
  readonly commands: readonly string[]
  /** Control and data connections that were opened. */
  readonly controlCount: number
  readonly dataCount: number
  /** Content bytes that the system has taken. */
  readonly writtenBytes: number
  /** Ends all control connections. */
  hangUp(): void
  /** Resolves when the last control connection is closed. */
  idle(): Promise<void>
  stop(): Promise<void>
}

const right: { readonly [word: string]: string } = {
  CONNECT: '220 Ready',
  USER: '331 Any password will do',
  PASS: '230 Welcome',
  TYPE: '200 Image it is',
  REST: '350 From there then',
  MDTM: '213 20260102030405',
  CWD: '550 No such folder',
  QUIT: '221 Bye',
}

export async function startFaultFtp(faults: FtpFaults = {}): Promise<FaultFtp> {
  const server = createServer({ noDelay: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new ScriptedFtp(server, faults)
}

class ScriptedFtp implements FaultFtp {
  readonly commands: string[] = []
  controlCount = 0
  dataCount = 0
  readonly #faults: FtpFaults
  readonly #saidCounts = new Map<string, number>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #dataServers = new Set<Server>()
  readonly #data = new Set<Socket>()
  #openCount = 0
  #idle: (() => void)[] = []
  /** What the next transfer of a control connection uses: its data connection, and where it restarts. */
  readonly #next = new WeakMap<Socket, Promise<Socket>>()
  readonly #mute = new WeakSet<Socket>()
  readonly #startAt = new WeakMap<Socket, number>()

  constructor(server: Server, faults: FtpFaults) {
    this.#server = server
    this.#faults = faults
    server.on('connection', (socket) => this.#accept(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get writtenBytes(): number {
    let bytes = 0
    for (const socket of this.#data) bytes += socket.bytesWritten - socket.writableLength
    return bytes
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.end()
  }

  idle(): Promise<void> {
    return this.#openCount === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  async stop(): Promise<void> {
    for (const socket of [...this.#sockets, ...this.#data]) socket.destroy()
    const servers = [this.#server, ...this.#dataServers]
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    this.controlCount += 1
    this.#openCount += 1
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#openCount -= 1
      if (this.#openCount === 0) for (const tell of this.#idle.splice(0)) tell()
    })
    let text = ''
    let count = 0
    const { afterCount, words } = this.#faults.hangsUp ?? { afterCount: Number.POSITIVE_INFINITY, words: '' }
    let turn = this.#reply(socket, this.#given('CONNECT') ?? this.#usual('CONNECT'))
    socket.on('data', (bytes) => {
      const lines = (text + bytes.toString('latin1')).split('\r\n')
      text = lines.pop()!
      for (const line of lines) {
        count += 1
        turn = turn.then(() => (count > afterCount ? this.#end(socket, words) : this.#obey(line, socket)))
      }
    })
  }

  async #obey(line: string, socket: Socket): Promise<void> {
    if (this.#mute.has(socket)) return
    this.commands.push(line)
    const [word = '', ...rest] = line.split(' ')
    const given = this.#given(word)
    // What comes after this would be TLS, which is not spoken here.
    if (word === 'AUTH' && given?.startsWith('234')) this.#mute.add(socket)
    if (word === 'REST' && given === undefined) this.#startAt.set(socket, Number(rest[0]))
    if (word === 'RETR' && given === undefined) return this.#send(rest.join(' '), socket)
    if (word === 'LIST' && given === undefined) return this.#transfer(Buffer.from(this.#faults.listing ?? ''), socket)
    const port = word === 'EPSV' || word === 'PASV' ? await this.#listen(socket) : 0
    const reply = (given ?? this.#usual(word, rest.join(' ')))
      .replace('PORT', String(port))
      .replace('P1,P2', `${port >> 8},${port & 255}`)
    await this.#reply(socket, reply)
  }

  async #end(socket: Socket, words: string): Promise<void> {
    await this.#reply(socket, words)
    socket.end()
  }

  #given(word: string): string | undefined {
    const replies = this.#faults.replies?.[word]
    if (replies === undefined || typeof replies === 'string') return replies
    const count = this.#saidCounts.get(word) ?? 0
    this.#saidCounts.set(word, count + 1)
    return replies[Math.min(count, replies.length - 1)]
  }

  #usual(word: string, path = ''): string {
    if (word === 'EPSV') return '229 Extended passive mode (|||PORT|)'
    if (word === 'PASV') return '227 Passive mode (127,0,0,1,P1,P2)'
    if (word === 'SIZE') return path === '/file' ? `213 ${this.#content.length}` : '550 No such file'
    return right[word] ?? '502 Never heard of it'
  }

  get #content(): Buffer {
    return this.#faults.content ?? Buffer.from('hello')
  }

  async #send(path: string, socket: Socket): Promise<void> {
    if (path !== '/file') return this.#reply(socket, '550 No such file')
    const from = this.#startAt.get(socket) ?? 0
    this.#startAt.delete(socket)
    await this.#transfer(this.#content.subarray(from, this.#faults.sentBytes), socket)
  }

  async #transfer(content: Buffer, socket: Socket): Promise<void> {
    await this.#reply(socket, '150 Here it comes')
    const data = await this.#next.get(socket)!
    const { dataEnd = 'fin', confirmation = '226 Done' } = this.#faults
    await sendAll(data, content)
    if (dataEnd === 'reset') setImmediate(() => data.resetAndDestroy())
    if (dataEnd === 'fin') data.end()
    if (dataEnd === 'never' || confirmation === '') return
    if (confirmation === 'fin') socket.end()
    else await this.#reply(socket, confirmation)
  }

  async #listen(control: Socket): Promise<number> {
    const server = createServer({ noDelay: true })
    this.#dataServers.add(server)
    const next = new Promise<Socket>((resolve) => {
      server.on('connection', (data) => {
        this.dataCount += 1
        this.#data.add(data)
        data.on('error', () => undefined)
        resolve(data)
      })
    })
    this.#next.set(control, next)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  async #reply(socket: Socket, reply: string): Promise<void> {
    if (reply === '') return
    const line = `${reply}\r\n`
    if (!this.#faults.dribble) return void socket.write(line)
    socket.setNoDelay(true)
    for (const byte of line) await new Promise((resolve) => socket.write(byte, () => setImmediate(resolve)))
  }
}
