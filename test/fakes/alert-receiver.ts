import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Posted {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface AlertReceiver {
  readonly port: number
  readonly posts: readonly Posted[]
  /** What the next posts are answered; `hang`: never. */
  answer: { readonly status: number; readonly body: string; readonly location?: string } | 'hang'
  /** Waits until so many posts have come. */
  received(count: number): Promise<readonly Posted[]>
  /** Open connections. */
  readonly connectionCount: number
  /** Resolves when the last connection is closed. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** A webhook receiver on loopback that remembers what it was sent; with `identity`, over TLS. `port`: to come back at the same place. */
export async function startAlertReceiver(
  identity?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<AlertReceiver> {
  const receiver = new RecordingReceiver(identity)
  await receiver.listen(port)
  return receiver
}

class RecordingReceiver implements AlertReceiver {
  readonly posts: Posted[] = []
  answer: AlertReceiver['answer'] = { status: 200, body: '{"code":0,"errcode":0}' }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()

  constructor(identity: { readonly key: string; readonly cert: string } | undefined) {
    const listener: RequestListener = async (request, response) => {
      const body = await text(request)
      this.posts.push({ path: request.url ?? '', headers: request.headers, body })
      this.#wake()
      if (this.answer === 'hang') return
      const { status, body: answer, location } = this.answer
      response.writeHead(status, location === undefined ? {} : { Location: location }).end(answer)
    }
    this.#server = identity === undefined ? createServer(listener) : createTlsServer(identity, listener)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#wake()
      })
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
  }

  async received(count: number): Promise<readonly Posted[]> {
    await this.#until(() => this.posts.length >= count)
    return this.posts
  }

  idle(): Promise<void> {
    return this.#until(() => this.#sockets.size === 0)
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}
