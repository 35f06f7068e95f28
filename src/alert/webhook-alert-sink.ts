import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { alertTargetName, type WebhookTarget } from '../config/alert-targets.ts'
import { type AddressesOf, lookupOf } from './alert-addresses.ts'
import { type Alert, AlertFailure, type AlertSink } from './alert-sink.ts'
import { webhookShapes } from './webhook-shapes.ts'

export interface WebhookSinkOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Signs what is posted; `undefined`: it is not signed. */
  readonly secret: string | undefined
  readonly addressesOf: AddressesOf
  /** What receivers are verified against. */
  readonly trust: () => SecureContext
}

const mostBodyBytes = 16 * 1024
const mostAnswerBytes = 16 * 1024
/** Refused for now: worth another attempt. */
const passingStatuses = new Set([408, 425, 429])

/** Posts each message as JSON in the shape that the receiver expects. Follows no redirect. */
export class WebhookAlertSink implements AlertSink {
  readonly name: string
  readonly #target: WebhookTarget
  readonly #options: WebhookSinkOptions

  constructor(target: WebhookTarget, options: WebhookSinkOptions) {
    this.name = alertTargetName(target)
    this.#target = target
    this.#options = options
  }

  async send(alert: Alert, signal: AbortSignal): Promise<void> {
    const { format, url } = this.#target
    const { secret, now, addressesOf } = this.#options
    const shape = webhookShapes[format]
    const { body, query, fields } = shape.post(alert, now(), secret)
    if (Buffer.byteLength(body) > mostBodyBytes) throw new AlertFailure('the message is too large', true)
    const where = new URL(url)
    for (const [name, value] of Object.entries(query)) where.searchParams.set(name, value)
    const addresses = await addressesOf(where.hostname, where.protocol === 'https:')
    const { status, text } = await this.#post(where, body, fields, lookupOf(addresses), signal)
    if (status < 200 || status > 299) {
      throw new AlertFailure(`answered ${status}`, status < 500 && !passingStatuses.has(status))
    }
    const refusal = shape.refusal(text)
    if (refusal !== undefined) throw new AlertFailure(`refused: ${refusal}`, true)
  }

  /** Node hands these on to the TLS socket, also where its types do not know them. */
  #verified<Options extends object>(options: Options): Options & { readonly secureContext: SecureContext } {
    return { ...options, secureContext: this.#options.trust(), rejectUnauthorized: true } as Options & {
      readonly secureContext: SecureContext
    }
  }

  #post(
    where: URL,
    body: string,
    fields: Readonly<Record<string, string>>,
    lookup: LookupFunction,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const headers = {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'larder',
      ...fields,
    }
    const options = { method: 'POST', headers, lookup, signal, agent: false, autoSelectFamily: true }
    const sent: ClientRequest =
      where.protocol === 'https:' ? requestHttps(where, this.#verified(options)) : requestHttp(where, options)
    sent.end(body)
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void =>
        reject(new AlertFailure(error.code ?? 'the connection broke'))
      sent.on('error', fail)
      sent.once('response', (response) => {
        response.on('error', fail)
        readAnswer(response, (text) => {
          resolve({ status: response.statusCode ?? 0, text })
          sent.destroy()
        })
      })
    })
  }
}

/** The beginning of an answer, until it ends or is long enough. */
function readAnswer(response: IncomingMessage, read: (text: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const finish = (): void => read(Buffer.concat(chunks).toString('utf8'))
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > mostAnswerBytes) finish()
  })
  response.once('end', finish)
}
