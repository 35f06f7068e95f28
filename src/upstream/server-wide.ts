import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { Fault, type FaultCode } from '../base/faults.ts'
import type { OpenConnection } from './open-connection.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { responseFault } from './response-faults.ts'
import { ResponseFlow } from './response-flow.ts'
import { readResponseHead } from './response-head.ts'

interface AloneOptions {
  readonly open: OpenConnection
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
}

/**
 * Sends a request whose request-target undici does not take: an OPTIONS for the whole server (RFC 9112 section 3.2.4), or an
 * ftp URL for a parent proxy. Such requests are rare: each has a connection of its own, opened by the same rules as all others.
 */
export function askAlone(
  request: OriginRequest,
  requestTarget: string,
  options: AloneOptions,
  now: () => number,
): Promise<OriginResponse> {
  const { scheme, host, port } = request.target
  return new Promise((resolve, reject) => {
    options.open({ host, port, tls: scheme === 'https' }, (fault, socket) => {
      if (fault !== undefined) return reject(fault)
      exchange(request, requestTarget, socket!, options, now).then(resolve, reject)
    })
  })
}

function exchange(
  request: OriginRequest,
  requestTarget: string,
  socket: Socket,
  { headTimeoutMs, idleTimeoutMs }: AloneOptions,
  now: () => number,
): Promise<OriginResponse> {
  const { method, target, fields, body } = request
  const length = body?.sizeBytes ?? (body === undefined ? 0 : undefined)
  const framing = length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)]
  const headers = ['Host', target.authority, ...fields, ...framing, 'Connection', 'close']
  const requestedAt = now()
  return new Promise((resolve, reject) => {
    const outbound = httpRequest({
      createConnection: () => socket,
      setHost: false,
      method,
      path: requestTarget,
      headers,
    })
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
