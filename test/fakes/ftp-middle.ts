import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What the middle does to the conversation; may be changed at any time. */
export interface MiddleFaults {
  /** Content bytes that pass on each data connection before it is cut, one number a connection; when none is left, all pass. */
  cutsAfterBytes: number[]
  /** How a data connection is cut. The server's reply about it passes. */
  cut: 'fin' | 'reset'
  /** Keeps 226 to itself. */
  withholds226: boolean
  /** Added to what SIZE says. */
  sizeError: number
}

export interface FtpMiddle {
  readonly port: number
  readonly faults: MiddleFaults
  /** Command lines of the client, as they passed. */
  readonly commands: readonly string[]
  /** Content bytes that passed. */
  readonly contentBytes: number
  /** Called after a data connection was cut. */
  onCut: () => void
  stop(): Promise<void>
}

/** Stands between a client and the FTP server on `serverPort` of loopback: control and data connections pass through it. */
export async function startFtpMiddle(serverPort: number): Promise<FtpMiddle> {
  const middle = new Middle(serverPort)
  await middle.listen()
  return middle
}

class Middle implements FtpMiddle {
  readonly faults: MiddleFaults = { cutsAfterBytes: [], cut: 'fin', withholds226: false, sizeError: 0 }
  readonly commands: string[] = []
  contentBytes = 0
  onCut = (): void => undefined
  readonly #serverPort: number
  readonly #control = createServer({ noDelay: true }, (client) => this.#relayControl(client))
  readonly #servers = new Set<Server>([this.#control])
  readonly #sockets = new Set<Socket>()

  constructor(serverPort: number) {
    this.#serverPort = serverPort
  }

  get port(): number {
    return (this.#control.address() as AddressInfo).port
  }

  listen(): Promise<void> {
    return listening(this.#control)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([...this.#servers].map((server) => new Promise((resolve) => server.close(resolve))))
  }

  #relayControl(client: Socket): void {
    const server = this.#join(client, this.#serverPort)
    let last = ''
    byLine(client, async (line) => {
      this.commands.push(line)
      last = line
      server.write(`${line}\r\n`, 'latin1')
    })
    byLine(server, async (line) => {
      const reply = await this.#altered(line, last)
      if (reply !== undefined) client.write(`${reply}\r\n`, 'latin1')
    })
  }

  async #altered(reply: string, command: string): Promise<string | undefined> {
    if (reply.startsWith('226') && this.faults.withholds226) return undefined
    if (reply.startsWith('213') && command.startsWith('SIZE')) {
      return `213 ${Number(reply.slice(4)) + this.faults.sizeError}`
    }
    const port = reply.startsWith('229') ? /\|\|\|(\d+)\|/.exec(reply)?.[1] : undefined
    return port === undefined ? reply : reply.replace(port, String(await this.#dataPort(Number(port))))
  }

  /** A port whose one connection leads to `target`. */
  async #dataPort(target: number): Promise<number> {
    const relay = createServer({ noDelay: true }, (client) => {
      relay.close()
      this.#servers.delete(relay)
      this.#relayData(client, this.#join(client, target))
    })
    this.#servers.add(relay)
    await listening(relay)
    return (relay.address() as AddressInfo).port
  }

  #relayData(client: Socket, server: Socket): void {
    let left: number | undefined
    server.on('data', (bytes) => {
      left ??= this.faults.cutsAfterBytes.shift() ?? Number.POSITIVE_INFINITY
      const passing = bytes.subarray(0, left)
      left -= passing.length
      this.contentBytes += passing.length
      if (left > 0) return void (client.write(passing) || this.#hold(client, server))
      // What has passed arrives before the cut.
      client.write(passing, () => {
        if (this.faults.cut === 'reset') client.resetAndDestroy()
        else client.end()
        server.destroy()
        this.onCut()
      })
    })
    server.on('end', () => client.end())
  }

  #hold(client: Socket, server: Socket): void {
    server.pause()
    client.once('drain', () => server.resume())
  }

  /** Connects `client` with the server; the end of one is the end of the other. */
  #join(client: Socket, port: number): Socket {
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', (hadError) => {
        this.#sockets.delete(one)
        if (hadError) other.destroy()
        else other.end()
      })
    }
    return server
  }
}

/** Hands on line by line, each when the one before is done. */
function byLine(socket: Socket, take: (line: string) => Promise<void>): void {
  let text = ''
  let turn = Promise.resolve()
  socket.on('data', (bytes) => {
    const lines = (text + bytes.toString('latin1')).split('\r\n')
    text = lines.pop()!
    for (const line of lines) turn = turn.then(() => take(line))
  })
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}
