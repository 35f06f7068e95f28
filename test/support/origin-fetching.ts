import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/faults.ts'
import type { RawFields } from '../../src/http/fields.ts'
import type { Scheme, TargetUri } from '../../src/http/target-uri.ts'
import { createFtpFetcher, type FtpFetcherOptions } from '../../src/upstream/ftp-origin-fetcher.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from '../../src/upstream/origin-fetcher.ts'
import { createOriginTrust } from '../../src/upstream/origin-trust.ts'
import { createHttpFetcher, type HttpFetcherOptions } from '../../src/upstream/undici-origin-fetcher.ts'

/** Long enough never to expire in a test that is not about it. */
const longMs = 20_000
const clock: Clock = systemClock

export function httpFetcher(options: Partial<HttpFetcherOptions> = {}): OriginFetcher {
  const timeouts = { connectTimeoutMs: longMs, headTimeoutMs: longMs, idleTimeoutMs: longMs }
  return createHttpFetcher({ clock, guard: () => undefined, roots: [], ...timeouts, observer: () => {}, ...options })
}

export function ftpFetcher(options: Partial<FtpFetcherOptions> = {}): OriginFetcher {
  const timeouts = { connectTimeoutMs: longMs, idleTimeoutMs: longMs }
  const trust = options.trust ?? createOriginTrust([])
  return createFtpFetcher({ clock, guard: () => undefined, trust, ...timeouts, observer: () => {}, ...options })
}

export function targetOf(scheme: Scheme, port: number, path: string, host = '127.0.0.1'): TargetUri {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return { scheme, host, port, authority, path, href: `${scheme}://${authority}${path}` }
}

/** What arrived of a response's content, and how it ended. */
export interface Received {
  readonly response: OriginResponse
  readonly content: Buffer
  readonly trailers: RawFields | undefined
  readonly fault: Fault | undefined
}

/** Takes all that comes. */
export function receive(response: OriginResponse): Promise<Received> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    const finish = (trailers: RawFields | undefined, fault: Fault | undefined): void =>
      resolve({ response, content: Buffer.concat(chunks), trailers, fault })
    response.consume({
      chunk: (bytes) => {
        chunks.push(bytes)
        return true
      },
      end: (trailers) => finish(trailers, undefined),
      fail: (fault) => finish(undefined, fault),
    })
  })
}

export async function get(
  fetcher: OriginFetcher,
  target: TargetUri,
  more: Partial<OriginRequest> = {},
): Promise<Received> {
  return receive(await fetcher.fetch({ method: 'GET', target, fields: [], ...more }))
}

/** The fault that a fetch rejects with; fails when it does not. */
export async function refusal(fetching: Promise<unknown>): Promise<Fault> {
  try {
    await fetching
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('the fetch was not refused')
}
