import { FTPError } from 'basic-ftp'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import { checkedAddresses } from './checked-addresses.ts'
import { connectFault, connectTimeout } from './connect-faults.ts'
import { ftpFault } from './ftp-faults.ts'
import type { FtpPath } from './ftp-path.ts'
import { emptyResponse, type FtpFile, fileHead, isUnchanged, notModified, textResponse } from './ftp-response.ts'
import { FtpSession, type FtpSessionOptions } from './ftp-session.ts'
import { FtpTransfer } from './ftp-transfer.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'
import type { ResolveHost } from './resolve-host.ts'
import { ResponseFlow } from './response-flow.ts'

export interface FtpExchangeOptions extends FtpSessionOptions {
  readonly clock: Clock
  readonly resolve: ResolveHost
}

/** One request, from the connection to the last byte. */
export class FtpExchange {
  readonly #request: OriginRequest
  readonly #path: FtpPath
  readonly #options: FtpExchangeOptions
  readonly #sessions: Set<FtpSession>
  readonly #giveBack: () => void
  readonly #peer: string
  readonly #requestedAt: number
  #session: FtpSession
  #transferring = false

  constructor(
    request: OriginRequest,
    path: FtpPath,
    options: FtpExchangeOptions,
    sessions: Set<FtpSession>,
    giveBack: () => void,
  ) {
    this.#request = request
    this.#path = path
    this.#options = options
    this.#sessions = sessions
    this.#giveBack = giveBack
    this.#peer = `${request.target.host}:${request.target.port}`
    this.#requestedAt = options.clock.now()
    this.#session = new FtpSession(options)
  }

  async run(): Promise<OriginResponse> {
    try {
      await this.#connect()
      await this.#session.login().catch((error) => {
        throw ftpFault(error, 'login', this.#peer)
      })
      return await this.#respond()
    } catch (error) {
      throw ftpFault(error, 'command', this.#peer)
    } finally {
      if (!this.#transferring) this.#close()
    }
  }

  /** Tries the addresses in the resolver's order; all of them were checked before the first is dialled. */
  async #connect(): Promise<void> {
    const { port } = this.#request.target
    const addresses = await this.#addresses()
    for (const [i, { address }] of addresses.entries()) {
      this.#sessions.add(this.#session)
      try {
        return await this.#session.connect(address, port)
      } catch (error) {
        const fault = ftpFault(error, 'connect', this.#peer)
        const unreachable = fault.code === 'ORIGIN_CONNECT_REFUSED' || fault.code === 'ORIGIN_CONNECT_TIMEOUT'
        if (!unreachable || i === addresses.length - 1) throw fault
        this.#sessions.delete(this.#session)
        this.#session = new FtpSession(this.#options)
      }
    }
  }

  async #addresses(): Promise<readonly { readonly address: string }[]> {
    const { guard, resolve, connectTimeoutMs } = this.#options
    const { host, port } = this.#request.target
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(connectTimeout('name', this.#peer, connectTimeoutMs)), connectTimeoutMs)
    })
    try {
      return await Promise.race([checkedAddresses(host, port, resolve, guard), late])
    } catch (error) {
      throw connectFault(error, 'name', this.#peer)
    } finally {
      clearTimeout(timer)
    }
  }

  async #respond(): Promise<OriginResponse> {
    const { octets, directory } = this.#path
    if (directory) return (await this.#session.enter(octets)) ? this.#listing() : this.#missing()
    let sizeBytes: number | undefined
    try {
      sizeBytes = await this.#session.size(octets)
    } catch (error) {
      if (!isMissing(error)) throw error
      return (await this.#session.enter(octets)) ? this.#listing() : this.#missing()
    }
    const file = { sizeBytes, modified: await this.#session.modified(octets) }
    if (isUnchanged(file, this.#request.fields)) return notModified(file, this.#requestedAt, this.#now())
    if (this.#request.method !== 'HEAD') return this.#retrieve(file)
    return emptyResponse(200, fileHead(file, 'HEAD', this.#now()).fields, this.#requestedAt, this.#now())
  }

  /** Resolves at the first byte, or at the end of an empty file: a refusal to send comes instead of both. */
  #retrieve(file: FtpFile): Promise<OriginResponse> {
    const { octets } = this.#path
    return new Promise((resolve, reject) => {
      const transfer: FtpTransfer = new FtpTransfer(
        () => {
          this.#transferring = true
          const head = fileHead(file, 'GET', this.#now())
          const source = transfer.source(() => this.#close())
          const flow = new ResponseFlow(200, head, this.#requestedAt, this.#now(), source)
          resolve(flow)
          return flow
        },
        file.sizeBytes,
        this.#peer,
      )
      this.#confirmed(octets, transfer, file)
        .then(
          () => transfer.release(),
          (error) => {
            if (transfer.begun) transfer.break(ftpFault(error, 'content', this.#peer))
            else if (isMissing(error)) resolve(this.#missing())
            else reject(error)
          },
        )
        .finally(() => this.#close())
    })
  }

  /** All bytes came, the server said so, and the file still has its size (CORRECTNESS T08). */
  async #confirmed(octets: string, transfer: FtpTransfer, { sizeBytes }: FtpFile): Promise<void> {
    await this.#session.retrieve(octets, transfer)
    transfer.checkSize()
    const after = sizeBytes === undefined ? undefined : await this.#session.size(octets).catch(() => undefined)
    if (after === undefined || after === sizeBytes) return
    throw new Fault('ORIGIN_TRUNCATED', `${this.#peer}: SIZE changed from ${sizeBytes} to ${after} meanwhile`)
  }

  async #listing(): Promise<OriginResponse> {
    const text = await this.#session.list()
    const extra = ['Cache-Control', 'no-store']
    return textResponse(this.#request.method, 200, text, extra, this.#requestedAt, this.#now())
  }

  #missing(): OriginResponse {
    const text = 'The FTP server has no such file.\n'
    return textResponse(this.#request.method, 404, text, [], this.#requestedAt, this.#now())
  }

  #now(): number {
    return this.#options.clock.now()
  }

  #close(): void {
    this.#session.close()
    this.#sessions.delete(this.#session)
    this.#giveBack()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof FTPError && (error.code === 550 || error.code === 551)
}
