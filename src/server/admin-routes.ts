import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, answerFault, answerJson, readMembers } from './admin-answers.ts'
import { responsesUnder, type StoredAdmin, storedRoutes } from './admin-stored.ts'
import { type VerifyAdmin, verifyRoutes } from './admin-verify.ts'
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
  /** Clients that did not take our certificate. */
  refusals(): object
  /** What is wrong and what was lately, and how the telling goes. */
  alerts(): object
  /** Why something was, or would be, answered as it is; `undefined`: no such exchange is remembered. A `Fault` becomes its status. */
  why(question: WhyQuestion): Promise<object | undefined>
  /** Finding and removing. */
  readonly stored: StoredAdmin
  readonly verifying: VerifyAdmin
  /** Answers with what the proxy would answer for `url`, content included. */
  fetch(url: string, response: ServerResponse): void
  /** PEM; `undefined` without a CA. */
  readonly caPem: string | undefined
  /** Where the bearer token of an admin port is kept. */
  readonly tokenFile: string
}

type Handler = (request: IncomingMessage, response: ServerResponse, services: AdminServices) => void | Promise<void>

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
  '/v1/stats': { GET: answerStats },
  '/v1/origins': { GET: (_, response, services) => answerJson(response, 200, services.origins()) },
  '/v1/alerts': { GET: (_, response, services) => answerJson(response, 200, services.alerts()) },
  '/v1/refusals': { GET: (_, response, services) => answerJson(response, 200, services.refusals()) },
  '/v1/why': { GET: answerWhy },
  '/v1/ca.pem': { GET: answerCa },
  ...storedRoutes,
  ...verifyRoutes,
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
    const methods = Object.hasOwn(routes, path) ? routes[path]! : methodsUnder(path)
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

/** `?stored=N`: with where the bytes are, by the N largest hosts; all of the index is read for it. */
async function answerStats(request: IncomingMessage, response: ServerResponse, services: AdminServices): Promise<void> {
  const top = new URL(request.url ?? '', 'http://admin').searchParams.get('stored')
  if (top === null) return answerJson(response, 200, services.stats())
  if (!/^\d{1,3}$/.test(top) || top === '0') return answerJson(response, 400, { error: 'stored is not 1 to 999' })
  answerJson(response, 200, { ...services.stats(), stored: await services.stored.shares(Number(top)) })
}

/** Paths that end in what is asked for. */
function methodsUnder(path: string): (typeof routes)[string] | undefined {
  return path.startsWith('/v1/responses/') ? { GET: responsesUnder } : undefined
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
  const shape = '{"url": "https://…"}'
  const members = await readMembers(request, response, shape)
  if (members === undefined || typeof members.url === 'string') return members?.url as string | undefined
  answerJson(response, 400, { error: `the body must be ${shape}` })
  return undefined
}
