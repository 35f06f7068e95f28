import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { Fault, type FaultCode } from '../base/faults.ts'
import { type ConnectOptions, openConnection } from './open-connection.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { responseFault } from './response-faults.ts'
import { ResponseFlow } from './response-flow.ts'
import { readResponseHead } from './response-head.ts'

interface ServerWideOptions extends ConnectOptions {
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
}

/**
 * Sends an OPTIONS that is for the whole server, in asterisk-form (RFC 9112 section 3.2.4), which undici cannot. Such
 * requests are rare: each has a connection of its own, opened by the same rules as all others.
 */
export function askServer(
  request: OriginRequest,
  options: ServerWideOptions,
  now: () => number,
): Promise<OriginResponse> {
  const { scheme, host, port } = request.target
  return new Promise((resolve, reject) => {
    openConnection({ host, port, tls: scheme === 'https' }, options, (fault, socket) => {
      if (fault !== undefined) return reject(fault)
      exchange(request, socket!, options, now).then(resolve, reject)
    })
  })
}

function exchange(
  request: OriginRequest,
  socket: Socket,
  { headTimeoutMs, idleTimeoutMs }: ServerWideOptions,
  now: () => number,
): Promise<OriginResponse> {
  const { method, target, fields, body } = request
  const length = body?.sizeBytes ?? (body === undefined ? 0 : undefined)
  const framing = length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)]
  const headers = ['Host', target.authority, ...fields, ...framing, 'Connection', 'close']
  const requestedAt = now()
  return new Promise((resolve, reject) => {
    const outbound = httpRequest({ createConnection: () => socket, setHost: false, method, path: '*', headers })
    limitSilence(outbound, headTimeoutMs, 'ORIGIN_HEAD_TIMEOUT', target.authority)
    outbound.on('error', (error) => reject(responseFault(error, 'head', target.authority)))
    outbound.on('information', ({ statusCode, rawHeaders }) => request.onInterim?.(statusCode, rawHeaders))
    outbound.on('response', (response) => {
      limitSilence(outbound, idleTimeoutMs, 'ORIGIN_READ_TIMEOUT', target.authority)
      const head = readResponseHead(method, response.statusCode!, response.rawHeaders)
      if (typeof head !== 'string')
        return resolve(flowOf(response, outbound, target.authority, head, requestedAt, now()))
      outbound.destroy(new Fault('ORIGIN_RESPONSE_INVALID', `${target.authority}: ${head}`))
    })
    if (body === undefined) outbound.end()
    else pipeline(Readable.from(body.chunks), outbound, () => undefined)
  })
}

function limitSilence(outbound: ClientRequest, waitMs: number, code: FaultCode, peer: string): void {
  outbound.removeAllListeners('timeout')
  outbound.setTimeout(waitMs, () => outbound.destroy(new Fault(code, `${peer}: silent for ${waitMs} ms`)))
}

function flowOf(
  response: IncomingMessage,
  outbound: ClientRequest,
  peer: string,
  head: Exclude<ReturnType<typeof readResponseHead>, string>,
  requestedAt: number,
  receivedAt: number,
): ResponseFlow {
  const flow = new ResponseFlow(response.statusCode!, head, requestedAt, receivedAt, {
    pause: () => response.pause(),
    resume: () => response.resume(),
    abort: () => outbound.destroy(),
  })
  response.on('data', (bytes: Buffer) => flow.take(bytes))
  response.on('end', () => flow.finish(response.rawTrailers))
  response.on('error', (error) => flow.break(responseFault(error, 'content', peer)))
  return flow
}
