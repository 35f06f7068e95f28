import { FTPError } from 'basic-ftp'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import { evaluateConditions, ifRangeHolds } from '../http/conditions.ts'
import { Fields } from '../http/fields.ts'
import { type BytePart, resolveRange } from '../http/range.ts'
import { ftpFault } from './ftp-faults.ts'
import { listingPage } from './ftp-listing-page.ts'
import type { FtpPath } from './ftp-path.ts'
import { emptyResponse, type FtpFile, fileHead, notModified, partHead, textResponse } from './ftp-response.ts'
import type { FtpSession } from './ftp-session.ts'
import { FtpTransfer } from './ftp-transfer.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { ResponseFlow } from './response-flow.ts'

export interface FtpExchangeOptions {
  readonly clock: Clock
  /** Called when the session has nothing more to do for this request; only the first call counts. */
  readonly over: (isReusable: boolean) => void
  /** Lets something be done on another session with the same server, which is closed afterwards. */
  readonly elsewhere: (act: (session: FtpSession) => Promise<void>) => Promise<void>
}

/** One request on one control connection, to the last byte. */
export class FtpExchange {
  readonly #request: OriginRequest
  readonly #fields: Fields
  readonly #path: FtpPath
  readonly #session: FtpSession
  readonly #options: FtpExchangeOptions
  readonly #peer: string
  readonly #requestedAt: number
  #isTransferring = false

  constructor(request: OriginRequest, path: FtpPath, session: FtpSession, options: FtpExchangeOptions) {
    this.#request = request
    this.#fields = new Fields(request.fields)
    this.#path = path
    this.#session = session
    this.#options = options
    this.#peer = `${request.target.host}:${request.target.port}`
    this.#requestedAt = options.clock.now()
  }

  async run(): Promise<OriginResponse> {
    try {
      const response = await this.#respond()
      if (!this.#isTransferring) this.#options.over(true)
      return response
    } catch (error) {
      this.#options.over(false)
      throw ftpFault(error, 'command', this.#peer)
    }
  }

  async #respond(): Promise<OriginResponse> {
    const path = this.#path
    if (path.directory) return this.#folder()
    let sizeBytes: number | undefined
    try {
      sizeBytes = await this.#session.size(path)
    } catch (error) {
      if (!isMissing(error)) throw error
      return this.#folder()
    }
    return this.#file({ sizeBytes, modified: await this.#session.modified(path) })
  }

  #file(file: FtpFile): OriginResponse | Promise<OriginResponse> {
    const now = this.#now()
    const { fields } = fileHead(file, now)
    const selected = { status: 200, fields: new Fields(fields) }
    if (file.modified !== undefined) {
      const outcome = evaluateConditions(this.#fields, selected)
      if (outcome === 'not-modified') return notModified(file, this.#fields, this.#requestedAt, now)
      if (outcome === 'precondition-failed') return emptyResponse(412, fields.slice(0, 2), this.#requestedAt, now)
    }
    if (this.#request.method === 'HEAD') return emptyResponse(200, fields, this.#requestedAt, now)
    const { sizeBytes } = file
    if (sizeBytes === undefined || !ifRangeHolds(this.#fields, selected)) return this.#retrieve(file)
    const range = resolveRange(this.#fields.get('range'), sizeBytes)
    if (range.kind === 'unsatisfiable') {
      const text = 'The FTP server has no such bytes of the file.\n'
      return this.#text(416, text, ['Content-Range', `bytes */${sizeBytes}`])
    }
    return this.#retrieve(file, range.kind === 'partial' ? { ...range, sizeBytes } : undefined)
  }

  /** Resolves at the first byte, or at the end of an empty file: a refusal to send comes instead of both. */
  #retrieve(file: FtpFile, wanted?: BytePart): Promise<OriginResponse> {
    return new Promise((resolve, reject) => {
      let transfer: FtpTransfer | undefined
      const receive = (startAt: number): FtpTransfer => {
        const part = startAt === (wanted?.first ?? 0) ? wanted : undefined
        transfer = this.#transfer(file, part, (flow) => resolve(flow))
        return transfer
      }
      this.#confirmed(receive, file, wanted?.first ?? 0).then(
        (whole) => {
          whole.release()
          this.#options.over(true)
        },
        (error) => {
          if (transfer?.begun) transfer.break(ftpFault(error, 'content', this.#peer))
          else if (isMissing(error)) return this.#folder().then(resolve, reject)
          else return reject(error)
          this.#options.over(false)
        },
      )
    })
  }

  #transfer(file: FtpFile, part: BytePart | undefined, begun: (flow: ResponseFlow) => void): FtpTransfer {
    const count = part === undefined ? file.sizeBytes : part.last - part.first + 1
    const moreFollows = part !== undefined && part.last < part.sizeBytes - 1
    const transfer: FtpTransfer = new FtpTransfer(
      () => {
        this.#isTransferring = true
        const now = this.#now()
        const head = part === undefined ? fileHead(file, now) : partHead(file, part, now)
        const source = transfer.source(() => this.#options.over(false))
        const flow = new ResponseFlow(part === undefined ? 200 : 206, head, this.#requestedAt, now, source)
        begun(flow)
        return flow
      },
      { count, moreFollows },
      this.#peer,
    )
    return transfer
  }

  /** All bytes came, the server said so, and the file is still the one that was announced (CORRECTNESS T08). */
  async #confirmed(receive: (startAt: number) => FtpTransfer, file: FtpFile, startAt: number): Promise<FtpTransfer> {
    let transfer: FtpTransfer | undefined
    const check = (session: FtpSession): Promise<void> => this.#checkUnchanged(file, session)
    try {
      await this.#session.retrieve(this.#path, startAt, (from) => {
        transfer = receive(from)
        return transfer
      })
    } catch (error) {
      // Servers may end the control connection, too, when a data connection is cut.
      if (!transfer?.hasEnough) throw error
      await this.#options.elsewhere(check)
      return transfer
    }
    transfer!.checkSize()
    if (file.sizeBytes !== undefined) await check(this.#session)
    return transfer!
  }

  async #checkUnchanged({ sizeBytes, modified }: FtpFile, session: FtpSession): Promise<void> {
    const after = await session.size(this.#path)
    const modifiedAfter = modified === undefined ? undefined : await session.modified(this.#path)
    if (after === sizeBytes && modifiedAfter === modified) return
    const change = `SIZE ${sizeBytes}, MDTM ${modified} became SIZE ${after}, MDTM ${modifiedAfter}`
    throw new Fault('ORIGIN_TRUNCATED', `${this.#peer}: the file changed meanwhile: ${change}`)
  }

  /** Some servers tell a size of folders, too. */
  async #folder(): Promise<OriginResponse> {
    return (await this.#session.enter(this.#path)) ? this.#listing() : this.#missing()
  }

  /** As text, but as a page for those who name HTML: browsers do, curl and wget do not. Never stored. */
  async #listing(): Promise<OriginResponse> {
    const text = await this.#session.list()
    const asPage = namesHtml(this.#fields.get('accept') ?? '')
    const page = asPage ? listingPage(this.#request.target.path, text) : text
    const policy = "default-src 'none'"
    const extra = asPage ? ['Content-Security-Policy', policy, 'X-Content-Type-Options', 'nosniff'] : []
    return this.#text(200, page, ['Cache-Control', 'no-store', 'Vary', 'Accept', ...extra], asPage)
  }

  #missing(): OriginResponse {
    return this.#text(404, 'The FTP server has no such file.\n', [])
  }

  #text(status: number, text: string, extra: readonly string[], isHtml = false): OriginResponse {
    const fields = ['Content-Type', isHtml ? 'text/html' : 'text/plain', ...extra]
    return textResponse(this.#request.method, status, text, fields, this.#requestedAt, this.#now())
  }

  #now(): number {
    return this.#options.clock.now()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof FTPError && (error.code === 550 || error.code === 551)
}

function namesHtml(accept: string): boolean {
  const range = accept.split(',').find((one) => /^\s*text\/html\s*(;|$)/i.test(one))
  return range !== undefined && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range)
}
