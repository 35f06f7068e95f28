import { once } from 'node:events'
import { lstatSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { adminText } from '../config/setting-texts.ts'
import type { AdminAddress, HostPort, Settings } from '../config/settings.ts'
import type { Explanation } from '../pipeline/explanation.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

/** What `/v1/status` says, as far as commands use it. */
export interface DaemonStatus {
  readonly listen: readonly HostPort[]
  readonly offline?: boolean
  readonly reasons?: readonly string[]
  readonly [field: string]: unknown
}

/** Talks to the daemon. Every call throws a `CommandFailure` (unavailable) when none answers. */
export class AdminClient {
  readonly #address: AdminAddress
  readonly #tokenFile: string

  constructor({ admin, dataFolder }: Pick<Settings, 'admin' | 'dataFolder'>) {
    this.#address = admin
    this.#tokenFile = join(dataFolder, 'admin.token')
  }

  async status(): Promise<DaemonStatus> {
    return (await this.getJson('/v1/status')) as DaemonStatus
  }

  /** Throws a `CommandFailure` for any status but 200. */
  async getJson(path: string): Promise<object> {
    return readAnswer(await this.#send('GET', path))
  }

  /** The CA's certificate; `undefined` when the daemon has none. */
  async caPem(): Promise<string | undefined> {
    const response = await this.#send('GET', '/v1/ca.pem')
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    return response.statusCode === 200 ? Buffer.concat(chunks).toString() : undefined
  }

  /** Why a URL would, or an exchange was, answered as it is. `fields`: `Name: value` each. */
  async why(
    question: { readonly url: string; readonly fields: readonly string[] } | { readonly id: string },
  ): Promise<Explanation> {
    const query = new URLSearchParams('id' in question ? { id: question.id } : { url: question.url })
    if ('url' in question) for (const field of question.fields) query.append('header', field)
    return (await this.getJson(`/v1/why?${query}`)) as Explanation
  }

  /** Throws a `CommandFailure` for any status but 200. */
  async post(path: string, body: object): Promise<object> {
    return readAnswer(await this.#send('POST', path, body))
  }

  /** Removes what is stored for exactly this URL; answers whether there was anything. */
  async purge(url: string): Promise<boolean> {
    const answer = await this.post('/v1/purge', { url })
    return 'purged' in answer && answer.purged === true
  }

  /** JSON values as they come, a line each, and how many there were in all where the daemon says so. */
  async lines<T>(
    path: string,
    body?: object,
  ): Promise<{ readonly totalCount?: number; readonly all: AsyncIterable<T> }> {
    const response = await this.#send(body === undefined ? 'GET' : 'POST', path, body)
    if (response.statusCode !== 200) await readAnswer(response)
    const total = response.headers['larder-total']
    return { all: linesOf<T>(response, this.#address), ...(total !== undefined && { totalCount: Number(total) }) }
  }

  /** The response as the proxy gives it, body unread. */
  fetch(url: string): Promise<IncomingMessage> {
    return this.#send('POST', '/v1/fetch', { url })
  }

  async #send(method: string, path: string, body?: object): Promise<IncomingMessage> {
    const address = this.#address
    if ('path' in address) refuseStrangers(address.path)
    const where = 'path' in address ? { socketPath: address.path } : { host: address.host, port: address.port }
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
    if (!('path' in address)) headers.Authorization = `Bearer ${this.#token()}`
    const sent = request({ ...where, method, path, headers, agent: false })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return response
    } catch (error) {
      throw unavailable(address, (error as NodeJS.ErrnoException).code ?? String(error))
    }
  }

  #token(): string {
    try {
      return readFileSync(this.#tokenFile, 'utf8').trim()
    } catch (error) {
      throw unavailable(this.#address, `${this.#tokenFile}: ${(error as NodeJS.ErrnoException).code}`)
    }
  }
}

/** A socket that another user put there could be anybody's (CORRECTNESS T43); root may look at the daemons of others. */
function refuseStrangers(path: string): void {
  const user = process.geteuid?.()
  if (user === undefined || user === 0) return
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid
  if (owner === undefined || owner === user || owner === 0) return
  const message = `the admin socket ${path} belongs to user ${owner}, who is neither you nor root`
  throw new CommandFailure(exitCodes.unavailable, message, 'Name the socket of your own daemon with --admin.')
}

function unavailable(address: AdminAddress, reason: string): CommandFailure {
  const message = `no daemon answers at ${adminText(address)} (${reason})`
  return new CommandFailure(exitCodes.unavailable, message, 'Start one with larder serve, or name its --admin address.')
}

async function* linesOf<T>(response: IncomingMessage, address: AdminAddress): AsyncGenerator<T, void> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const texts = (rest + chunk).split('\n')
      rest = texts.pop()!
      for (const text of texts) yield JSON.parse(text) as T
    }
  } catch (error) {
    throw unavailable(address, `it broke off: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}

async function readAnswer(response: IncomingMessage): Promise<object> {
  const answer = (await json(response)) as { readonly error?: string; readonly remedy?: string }
  if (response.statusCode === 200) return answer
  const { error = `the daemon answered ${response.statusCode}`, remedy = 'See the log of the daemon.' } = answer
  // A fault has a code; what else is refused so was asked wrongly.
  const exitCode = response.statusCode === 400 && !('code' in answer) ? exitCodes.usage : exitCodes.failed
  throw new CommandFailure(exitCode, error, remedy)
}
