import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { type Answer, type RawOrigin, startRawOrigin } from './raw-origin.ts'
import { type ReadResponse, readResponses } from './responses.ts'

/** A way to speak to Larder: the proxy port itself, or the inside of a tunnel. */
export interface Face {
  readonly name: 'proxy port' | 'tunnel with TLS' | 'tunnel without TLS'
  readonly origin: RawOrigin
  /** The origin's authority, as Host names it. */
  readonly host: string
  /** The request target for `path`: absolute-form on the proxy port, origin-form in a tunnel. */
  target(path: string): string
  /** The absolute URI of `path`. */
  url(path: string): string
  open(): Promise<Talk>
}

/** A connection of a client, and what came back on it. */
export interface Talk {
  readonly socket: Socket
  write(bytes: string): void
  /** Resolves when this many final responses are whole; rejects when the connection closes before. */
  responses(count: number, methods?: readonly string[]): Promise<readonly ReadResponse[]>
  /** Everything that came, when the connection is over. */
  closed(): Promise<string>
}

export interface Stage {
  readonly larder: TestLarder
  readonly faces: readonly Face[]
  stop(): Promise<void>
}

/** Larder between clients and raw origins, each with an answer of its own choice. */
export async function startStage(answer?: Answer): Promise<Stage> {
  const ca = createThrowAwayCa()
  const plain = await startRawOrigin(answer)
  const secure = await startRawOrigin(answer, ca.issue('DNS:localhost'))
  const folder = mkdtempSync(join(tmpdir(), 'larder-framing-'))
  writeFileSync(join(folder, 'root.pem'), ca.root)
  ca.remove()
  const larder = await startLarder({
    originCaFiles: [join(folder, 'root.pem')],
    connectPorts: [plain.port, secure.port],
  })
  const root = readFileSync(join(larder.settings.caFolder, 'ca.pem'), 'utf8')
  const onPort = `127.0.0.1:${plain.port}`
  const inside = `localhost:${secure.port}`
  const faces: Face[] = [
    {
      name: 'proxy port',
      origin: plain,
      host: onPort,
      target: (path) => `http://${onPort}${path}`,
      url: (path) => `http://${onPort}${path}`,
      open: async () => new Conversation(await connected(larder.port)),
    },
    {
      name: 'tunnel with TLS',
      origin: secure,
      host: inside,
      target: (path) => path,
      url: (path) => `https://${inside}${path}`,
      open: async () => new Conversation(await secured(await tunnelled(larder.port, inside), root)),
    },
    {
      name: 'tunnel without TLS',
      origin: plain,
      host: onPort,
      target: (path) => path,
      url: (path) => `http://${onPort}${path}`,
      open: async () => new Conversation(await tunnelled(larder.port, onPort)),
    },
  ]
  return {
    larder,
    faces,
    stop: async () => {
      await larder.stop()
      await plain.stop()
      await secure.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

class Conversation implements Talk {
  readonly socket: Socket
  #seen = ''
  #over = false
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      this.#seen += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      this.#over = true
      this.#wake()
    })
  }

  write(bytes: string): void {
    if (!this.#over) this.socket.write(bytes, 'latin1')
  }

  async responses(count: number, methods: readonly string[] = []): Promise<readonly ReadResponse[]> {
    const read = (): readonly ReadResponse[] => readResponses(this.#seen, methods, this.#over)
    const final = (): number => read().filter(({ status }) => status >= 200).length
    await this.#until(() => this.#over || final() >= count)
    if (final() < count) throw new Error(`the connection closed after ${JSON.stringify(this.#seen)}`)
    return read()
  }

  async closed(): Promise<string> {
    await this.#until(() => this.#over)
    return this.#seen
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!done()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

async function tunnelled(port: number, authority: string): Promise<Socket> {
  const socket = await connected(port)
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('close', () => reject(new Error('no tunnel')))
  })
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(answer.toString('latin1'))
  return socket
}

function secured(socket: Socket, ca: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const tls = tlsConnect({ socket, ca, servername: 'localhost' })
    tls.once('secureConnect', () => resolve(tls))
    tls.once('error', reject)
  })
}
