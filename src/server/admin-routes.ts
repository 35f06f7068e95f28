import type { IncomingMessage, ServerResponse } from 'node:http'
import { asFault } from '../base/faults.ts'
import { parseWhy, type WhyQuestion } from './admin-why.ts'

/** What the admin address can tell and do; `app/` gives it. */
export interface AdminServices {
  live(): boolean
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] }
  /** Text of Prometheus. */
  metrics(): Promise<string>
  status(): object
  stats(): object
  /** How each origin that was asked lately does. */
  origins(): object
  /** What is wrong and what was lately, and how the telling goes. */
  alerts(): object
  /** Why something was, or would be, answered as it is; `undefined`: no such exchange is remembered. A `Fault` becomes its status. */
  why(question: WhyQuestion): Promise<object | undefined>
  /** Removes what is stored for exactly this URL; answers whether there was anything. A `Fault` becomes its status. */
  purge(url: string): Promise<boolean>
  /** Answers with what the proxy would answer for `url`, content included. */
  fetch(url: string, response: ServerResponse): void
  /** PEM; `undefined` without a CA. */
  readonly caPem: string | undefined
  /** Where the bearer token of an admin port is kept. */
  readonly tokenFile: string
}

type Handler = (request: IncomingMessage, response: ServerResponse, services: AdminServices) => void | Promise<void>

const mostBodyBytes = 16 * 1024

/** Path → method → handler; HEAD goes where GET goes. */
const routes: Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST', Handler>>>>> = {
  '/livez': {
    GET: (_, response, services) => {
      const live = services.live()
      answerJson(response, live ? 200 : 503, { live })
    },
  },
  '/readyz': {
    GET: (_, response, services) => {
      const state = services.ready()
      answerJson(response, state.ready ? 200 : 503, state)
    },
  },
  '/metrics': {
    GET: async (_, response, services) =>
      answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await services.metrics()),
  },
  '/v1/status': { GET: (_, response, services) => answerJson(response, 200, services.status()) },
  '/v1/stats': { GET: (_, response, services) => answerJson(response, 200, services.stats()) },
  '/v1/origins': { GET: (_, response, services) => answerJson(response, 200, services.origins()) },
  '/v1/alerts': { GET: (_, response, services) => answerJson(response, 200, services.alerts()) },
  '/v1/why': { GET: answerWhy },
  '/v1/ca.pem': { GET: answerCa },
  '/v1/purge': {
    POST: async (request, response, services) => {
      const url = await readUrl(request, response)
      if (url !== undefined) answerJson(response, 200, { url, purged: await services.purge(url) })
    },
  },
  '/v1/fetch': {
    POST: async (request, response, services) => {
      const url = await readUrl(request, response)
      if (url !== undefined) services.fetch(url, response)
    },
  },
}

/** Answers a request that the guard let pass; never rejects. */
export async function answerRoute(
  request: IncomingMessage,
  response: ServerResponse,
  services: AdminServices,
): Promise<void> {
  try {
    const path = request.url?.replace(/\?.*$/s, '') ?? ''
    const methods = Object.hasOwn(routes, path) ? routes[path]! : undefined
    if (methods === undefined) {
      return answerJson(response, 404, {
        error: `there is no ${path.slice(0, 200)}; there are ${Object.keys(routes).join(' ')}`,
      })
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const handler = method === 'GET' || method === 'POST' ? methods[method] : undefined
    if (handler !== undefined) return await handler(request, response, services)
    const allow = Object.keys(methods).join(', ')
    response.setHeader('Allow', allow)
    answerJson(response, 405, { error: `${path} is for ${allow}` })
  } catch (error) {
    answerFault(response, error)
  }
}

export function answerJson(response: ServerResponse, status: number, value: object): void {
  answer(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(text)
}

function answerFault(response: ServerResponse, error: unknown): void {
  const fault = asFault(error)
  if (response.headersSent) response.destroy()
  else
    answerJson(response, fault.row.status ?? 500, { code: fault.code, error: fault.message, remedy: fault.row.remedy })
}

function answerCa(_: IncomingMessage, response: ServerResponse, { caPem }: AdminServices): void {
  if (caPem === undefined) answerJson(response, 404, { code: 'CA_MISSING', error: 'there is no CA: larder ca init' })
  else answer(response, 200, 'application/x-pem-file', caPem)
}

async function answerWhy(request: IncomingMessage, response: ServerResponse, services: AdminServices): Promise<void> {
  const question = parseWhy(request.url ?? '')
  if (typeof question === 'string') return answerJson(response, 400, { error: question })
  const explanation = await services.why(question)
  if (explanation !== undefined) return answerJson(response, 200, explanation)
  answerJson(response, 404, {
    error: 'no exchange with this id is remembered',
    remedy:
      'Ids stand in the access log; the last exchanges are remembered, of very many hits a part. Ask with the URL.',
  })
}

/** The `url` of a JSON body; when there is none, the request has been answered. */
async function readUrl(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
  // A web page can send other types without asking first; this one it cannot.
  if (!/^application\/json(?:\s*;|$)/i.test(request.headers['content-type'] ?? '')) {
    answerJson(response, 415, { error: 'the body must be application/json: {"url": "https://…"}' })
    return undefined
  }
  const text = await readBody(request)
  if (text === undefined) {
    response.setHeader('Connection', 'close')
    answerJson(response, 413, { error: `the body is longer than ${mostBodyBytes} bytes` })
    return undefined
  }
  const url = urlIn(text)
  if (url === undefined) answerJson(response, 400, { error: 'the body must be {"url": "https://…"}' })
  return url
}

function urlIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : undefined
    return typeof url === 'string' ? url : undefined
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
