import { isIP } from 'node:net'
import type { Writable } from 'node:stream'
import { type ConnectionOptions, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { Client, FTPError, type FTPResponse } from 'basic-ftp'
import { Fault } from '../base/faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import type { FtpAccess } from './ftp-access.ts'
import { openDataConnection } from './ftp-data-connection.ts'
import { FtpListing } from './ftp-listing.ts'
import { type FtpPath, forbiddenOctet, pathFrom } from './ftp-path.ts'
import { readWholeReplies } from './ftp-replies.ts'
import { retrieve } from './ftp-retrieval.ts'
import { checkOriginIdentity } from './origin-trust.ts'

export interface FtpSessionOptions {
  readonly guard: ConnectionGuard
  /** What servers with TLS are verified against. */
  readonly trust: SecureContext
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** Replies that say that the server does not know a command. */
const unknownCommand = [500, 501, 502, 504]

/** One control connection, logged in, in image mode. Errors are those of basic-ftp, of sockets, or faults. */
export class FtpSession {
  readonly #client: Client
  readonly #options: FtpSessionOptions
  readonly #replyWaits: () => boolean
  /** Where the paths of URLs begin. */
  #loginFolder = '/'

  constructor(options: FtpSessionOptions) {
    this.#options = options
    this.#client = new Client(options.idleTimeoutMs)
    this.#client.ftp.encoding = 'latin1'
    this.#replyWaits = readWholeReplies(this.#client.ftp)
  }

  get closed(): boolean {
    return this.#client.closed
  }

  /** Connects to an address of `host` that the guard has let pass; with implicit TLS, verified. */
  async connect(address: string, port: number, host: string, tls: FtpAccess['tls']): Promise<void> {
    const isImplicit = tls === 'implicit'
    const greeted = isImplicit
      ? this.#client.connectImplicitTLS(address, port, this.#tlsOptions(host))
      : this.#client.connect(address, port)
    const { socket } = this.#client.ftp
    const timer = setTimeout(() => {
      const message = `${address}:${port}: no connection within ${this.#options.connectTimeoutMs} ms`
      this.#client.ftp.closeWithError(new Fault('ORIGIN_CONNECT_TIMEOUT', message))
    }, this.#options.connectTimeoutMs)
    // Commands are short and each waits for its reply.
    socket.setNoDelay(true)
    socket.once(isImplicit ? 'secureConnect' : 'connect', () => clearTimeout(timer))
    await greeted.finally(() => clearTimeout(timer))
  }

  /** AUTH TLS (RFC 4217 section 4): all that follows is encrypted, and what came before it in plain text does not count. */
  async secure(host: string): Promise<void> {
    const { ftp } = this.#client
    const reply = await this.#client.send('AUTH TLS')
    if (reply.code !== 234) throw new Error(`Can't parse the answer to AUTH: ${reply.message}`)
    // A client that was closed meanwhile tells why to whoever asks it.
    if (this.closed) await this.#client.send('NOOP')
    if (this.#replyWaits()) throw new Error('A reply came that nobody asked for')
    const options = this.#tlsOptions(host)
    const secure = tlsConnect({ ...options, socket: ftp.socket })
    await handshake(secure, this.#options.connectTimeoutMs)
    ftp.socket = secure
    ftp.tlsOptions = options
  }

  async login({ user, password, tls }: FtpAccess): Promise<void> {
    await this.#client.login(user, password)
    if (tls !== 'none') {
      await this.#client.send('PBSZ 0')
      await this.#client.send('PROT P')
    }
    await this.#client.send('TYPE I')
    const { message } = await this.#client.sendIgnoringError('PWD')
    const folder = /^257 "((?:[^"]|"")+)"/.exec(message)?.[1]?.replaceAll('""', '"')
    if (folder?.startsWith('/') && forbiddenOctet(folder) === undefined) this.#loginFolder = folder
  }

  /** `undefined` when the server does not know SIZE. */
  async size(path: FtpPath): Promise<number | undefined> {
    const reply = await this.#known(`SIZE ${this.#full(path)}`)
    const digits = reply === undefined ? undefined : /^213 +(\d{1,15})\b/.exec(reply.message)?.[1]
    if (reply !== undefined && digits === undefined) throw new Error(`Can't parse the answer to SIZE: ${reply.message}`)
    return digits === undefined ? undefined : Number(digits)
  }

  /** Fourteen digits, `YYYYMMDDhhmmss` in UTC (RFC 3659 section 2.3); `undefined` when the server cannot tell. */
  async modified(path: FtpPath): Promise<string | undefined> {
    const reply = await this.#unlessRefused(`MDTM ${this.#full(path)}`)
    return /^213 +(\d{14})\b/.exec(reply?.message ?? '')?.[1]
  }

  async enter(path: FtpPath): Promise<boolean> {
    return (await this.#unlessRefused(`CWD ${this.#full(path)}`)) !== undefined
  }

  /** What the server prints about the entered directory. */
  async list(): Promise<string> {
    const listing = new FtpListing()
    await this.#openData()
    await retrieve(this.#client.ftp, 'LIST', listing, this.#options.idleTimeoutMs)
    return listing.text
  }

  /**
   * Takes the file from `startAt` on, or from its beginning where the server cannot restart (RFC 3659 section 5):
   * `destinationFrom` hears which. Resolves when the data connection has ended and the server has confirmed it with a 2yz reply.
   */
  async retrieve(path: FtpPath, startAt: number, destinationFrom: (startAt: number) => Writable): Promise<void> {
    await this.#openData()
    const restarts = startAt > 0 && (await this.#restartsAt(startAt))
    const destination = destinationFrom(restarts ? startAt : 0)
    await retrieve(this.#client.ftp, `RETR ${this.#full(path)}`, destination, this.#options.idleTimeoutMs)
  }

  close(): void {
    this.#client.close()
  }

  #full(path: FtpPath): string {
    return pathFrom(this.#loginFolder, path)
  }

  async #restartsAt(position: number): Promise<boolean> {
    const { code } = await this.#client.sendIgnoringError(`REST ${position}`)
    return code === 350
  }

  /** The reply, or `undefined` when the server does not know the command. */
  #known(command: string): Promise<FTPResponse | undefined> {
    return this.#client.send(command).catch(passOver((code) => unknownCommand.includes(code)))
  }

  /** The reply, or `undefined` when the server will not do it, now or later; a login that has ended is no such answer. */
  #unlessRefused(command: string): Promise<FTPResponse | undefined> {
    return this.#client.send(command).catch(passOver((code) => code >= 500 && code !== 530 && code !== 532))
  }

  #openData(): Promise<void> {
    return openDataConnection(this.#client.ftp, this.#options.guard, this.#options.connectTimeoutMs)
  }

  /** The name is what the certificate must be for; the address was chosen and checked before. */
  #tlsOptions(host: string): ConnectionOptions {
    return {
      secureContext: this.#options.trust,
      rejectUnauthorized: true,
      checkServerIdentity: (_name, certificate) => checkOriginIdentity(host, certificate),
      ...(isIP(host) === 0 ? { servername: host } : { host }),
    }
  }
}

function passOver(isExpected: (code: number) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof FTPError) || !isExpected(error.code)) throw error
  }
}

/** Resolves when TLS is there. Whoever asked closes the connection when it rejects. */
async function handshake(socket: TLSSocket, timeoutMs: number): Promise<void> {
  const done = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    done.reject(new Fault('ORIGIN_CONNECT_TIMEOUT', `no TLS within ${timeoutMs} ms`))
  }, timeoutMs)
  const lost = (): void => done.reject(new Error('The connection closed before there was TLS'))
  socket.once('secureConnect', done.resolve)
  // Stays: an error may follow the one that counts.
  socket.on('error', done.reject)
  socket.once('close', lost)
  try {
    await done.promise
  } finally {
    clearTimeout(timer)
    socket.off('close', lost)
  }
}
