import { isIPv6, connect as netConnect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { Client, type FTPContext, FTPError, type FTPResponse } from 'basic-ftp'
import { Fault } from '../base/faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'

/** Longest reply, and longest listing, that is read (CORRECTNESS T23). */
const maxReplyLength = 8 * 1024
const maxListingBytes = 1024 * 1024

export interface FtpSessionOptions {
  readonly guard: ConnectionGuard
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** One control connection, logged in as anonymous, in image mode. Errors are those of basic-ftp, or faults. */
export class FtpSession {
  readonly #client: Client
  readonly #options: FtpSessionOptions

  constructor(options: FtpSessionOptions) {
    this.#options = options
    this.#client = new Client(options.idleTimeoutMs, { maxListingBytes, allowSeparateTransferHost: false })
    this.#client.ftp.encoding = 'latin1'
    this.#client.availableListCommands = ['LIST']
    this.#client.prepareTransfer = (context) => this.#openData(context)
    readWholeLines(this.#client.ftp)
  }

  /** Connects to an address that the guard has let pass. */
  async connect(address: string, port: number): Promise<void> {
    const greeted = this.#client.connect(address, port)
    const { socket } = this.#client.ftp
    const timer = setTimeout(() => {
      const message = `${address}:${port}: no connection within ${this.#options.connectTimeoutMs} ms`
      this.#client.ftp.closeWithError(new Fault('ORIGIN_CONNECT_TIMEOUT', message))
    }, this.#options.connectTimeoutMs)
    // Commands are short and each waits for its reply.
    socket.setNoDelay(true)
    socket.once('connect', () => clearTimeout(timer))
    await greeted.finally(() => clearTimeout(timer))
  }

  async login(): Promise<void> {
    await this.#client.login('anonymous', 'larder@')
    await this.#client.send('TYPE I')
  }

  /** `undefined` when the server does not know SIZE. */
  async size(path: string): Promise<number | undefined> {
    const reply = await this.#known(`SIZE ${path}`)
    const digits = reply === undefined ? undefined : /^213 +(\d{1,15})\b/.exec(reply.message)?.[1]
    if (reply !== undefined && digits === undefined) throw new Error(`Can't parse the answer to SIZE: ${reply.message}`)
    return digits === undefined ? undefined : Number(digits)
  }

  /** Fourteen digits, `YYYYMMDDhhmmss` in UTC (RFC 3659 section 2.3); `undefined` when the server cannot tell. */
  async modified(path: string): Promise<string | undefined> {
    const reply = await this.#client.sendIgnoringError(`MDTM ${path}`)
    return /^213 +(\d{14})\b/.exec(reply.message)?.[1]
  }

  async enter(path: string): Promise<boolean> {
    return (await this.#client.sendIgnoringError(`CWD ${path}`)).code < 400
  }

  /** What the server prints about the entered directory. */
  async list(): Promise<string> {
    let text = ''
    this.#client.parseList = (raw) => {
      text = raw
      return []
    }
    await this.#client.list()
    return text
  }

  /** Resolves when the data connection has ended and the server has confirmed it with a 2yz reply. */
  async retrieve(path: string, destination: Writable): Promise<void> {
    await this.#client.downloadTo(destination, path)
  }

  close(): void {
    this.#client.close()
  }

  /** The reply, or `undefined` when the server does not know the command. */
  async #known(command: string): Promise<FTPResponse | undefined> {
    try {
      return await this.#client.send(command)
    } catch (error) {
      if (error instanceof FTPError && [500, 501, 502, 504].includes(error.code)) return undefined
      throw error
    }
  }

  /**
   * EPSV, and PASV for servers that do not know it. The data connection goes to the address of the control connection,
   * whatever address the server names, and its port is put to the guard (CORRECTNESS T23).
   */
  async #openData(context: FTPContext): Promise<FTPResponse> {
    const host = context.socket.remoteAddress
    if (host === undefined) throw new Error('Control connection is closed')
    const [reply, port] = await passivePort(context, isIPv6(host))
    const fault = this.#options.guard(host, port)
    if (fault !== undefined) throw fault
    context.dataSocket = await dialData(host, port, this.#options.connectTimeoutMs)
    return reply
  }
}

async function passivePort(context: FTPContext, v6: boolean): Promise<readonly [FTPResponse, number]> {
  try {
    const reply = await context.request('EPSV')
    const digits = /\((.)\1\1(\d{1,5})\1\)/.exec(reply.message)?.[2]
    if (digits !== undefined) return [reply, checkedPort(Number(digits))]
  } catch (error) {
    if (v6 || !(error instanceof FTPError) || error.code < 500) throw error
  }
  const reply = await context.request('PASV')
  const numbers = /(?<!\d)(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})(?!\d)/.exec(reply.message)
  if (numbers === null) throw new Error(`Can't parse the answer to PASV: ${reply.message}`)
  return [reply, checkedPort(Number(numbers[1]) * 256 + Number(numbers[2]))]
}

function checkedPort(port: number): number {
  if (port >= 1 && port <= 65_535) return port
  throw new Error(`Can't parse the port ${port} as one for the data connection`)
}

function dialData(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ host, port, noDelay: true })
    const timer = setTimeout(() => fail(new Error(`Timeout of ${timeoutMs} ms for the data connection`)), timeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/**
 * basic-ftp takes the part of a line that arrived for the whole (`213 12` of `213 12345`), so it is given whole lines
 * only; and a reply that does not end is refused early.
 */
function readWholeLines(context: FTPContext): void {
  const reader = context as unknown as { _onControlSocketData(text: string): void; _partialResponse: string }
  const original = reader._onControlSocketData.bind(context)
  let part = ''
  reader._onControlSocketData = (text) => {
    part += text
    const end = part.lastIndexOf('\n') + 1
    const whole = part.slice(0, end)
    part = part.slice(end)
    if (part.length + whole.length + reader._partialResponse.length > maxReplyLength) {
      return context.closeWithError(new Error(`A reply exceeded ${maxReplyLength} bytes`))
    }
    if (whole !== '') original(whole)
  }
}
