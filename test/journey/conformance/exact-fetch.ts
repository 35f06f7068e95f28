import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface ExactInit {
  readonly method?: string
  readonly headers?: readonly (readonly [string, string | number])[]
  readonly body?: string
}

/** As much of a Response as the suite looks at. */
export interface ExactResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  text(): Promise<string>
}

export type ExactFetch = (url: string, init?: ExactInit) => Promise<ExactResponse>

/** Methods for which Node would invent chunked framing when no length is given. */
const withoutBody = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])
const silenceLimitMs = 120_000

function fieldLines(url: URL, { method = 'GET', headers = [], body }: ExactInit): [string, string][] {
  const given = headers.map(([name, value]): [string, string] => [name, String(value)])
  const has = (name: string): boolean => given.some(([field]) => field.toLowerCase() === name)
  const lines: [string, string][] = [['Host', url.host], ...given]
  const length = body === undefined ? (withoutBody.has(method) ? undefined : 0) : Buffer.byteLength(body)
  if (length !== undefined && !has('content-length')) lines.push(['Content-Length', String(length)])
  if (!has('connection')) lines.push(['Connection', 'close'])
  return lines
}

function responseOf(message: IncomingMessage): ExactResponse {
  const headers = new Headers()
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at]!, message.rawHeaders[at + 1]!)
  }
  const body = text(message)
  // The suite may never ask for the body of a response that it does not like.
  body.catch(() => {})
  return { status: message.statusCode!, statusText: message.statusMessage!, headers, text: () => body }
}

/**
 * A fetch that sends exactly the field lines it is given, in their order, beside Host and framing, on a connection of its
 * own to `port`. It follows no redirect, knows no cache, and decodes nothing. `sees` gets every response.
 */
export function exactFetch(
  port: number,
  sees: (url: string, init: ExactInit, response: ExactResponse) => void,
): ExactFetch {
  return (address, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(address)
      const outgoing = request({
        host: '127.0.0.1',
        port,
        method: init.method ?? 'GET',
        path: url.pathname + url.search,
        headers: fieldLines(url, init) as unknown as readonly string[],
        agent: false,
        timeout: silenceLimitMs,
      })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${silenceLimitMs} ms`)))
      outgoing.on('error', reject)
      outgoing.on('response', (message) => {
        const response = responseOf(message)
        sees(address, init, response)
        resolve(response)
      })
      outgoing.end(init.body)
    })
}
