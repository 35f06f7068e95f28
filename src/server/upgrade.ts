import { request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { asFault, Fault } from '../base/faults.ts'
import { forwardableRequestFields } from '../http/end-to-end.ts'
import { checkRequestHead } from '../http/request-gate.ts'
import { type TargetUri, targetInTunnel } from '../http/target-uri.ts'
import type { TunnelTarget } from '../pipeline/exchange.ts'
import type { ListenerServices } from './listener.ts'
import { refuseRaw } from './raw-response.ts'
import { joinBoth } from './splice.ts'

/**
 * Does the request ask for another protocol that may be passed through? One that does not is served as if its Upgrade field
 * were not there (RFC 9110 section 7.8): with content it would be unclear where that ends, and h2c is not spoken.
 */
export function asksUpgrade({ method, httpVersion, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersion !== '1.1' || /^h2c$/i.test(headers.upgrade ?? '')) return false
  const { 'content-length': length, 'transfer-encoding': coding, expect } = headers
  return length === undefined && coding === undefined && expect === undefined
}

/** Passes a protocol upgrade (WebSocket) through: the origin decides, we only join the two connections (RFC 9110 section 7.8). */
export function passUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  tunnel: TunnelTarget | undefined,
  services: ListenerServices,
): void {
  client.on('error', () => client.destroy())
  try {
    const target = checkedTarget(request, tunnel, services)
    services.dialer
      .dial({ host: target.host, port: target.port, tls: target.scheme === 'https' })
      .then((origin) => exchangeUpgrade(request, client, head, target, origin))
      .catch((error) => refuseRaw(client, asFault(error)))
  } catch (error) {
    refuseRaw(client, asFault(error))
  }
}

function checkedTarget(
  request: IncomingMessage,
  tunnel: TunnelTarget | undefined,
  services: ListenerServices,
): TargetUri {
  const requestTarget = request.url ?? ''
  const reason = checkRequestHead(
    { method: request.method ?? '', requestTarget, httpVersion: request.httpVersion, raw: request.rawHeaders },
    tunnel === undefined ? 'proxy' : 'tunnel',
  )
  if (reason !== undefined) throw new Fault('CLIENT_REQUEST_INVALID', reason)
  const target =
    tunnel === undefined
      ? services.parseTarget(requestTarget)
      : targetInTunnel(tunnel, requestTarget, request.headers.host)
  if ('invalid' in target) throw new Fault('CLIENT_REQUEST_INVALID', target.invalid)
  if ('misdirected' in target) throw new Fault('CLIENT_MISDIRECTED', target.misdirected)
  const denied = services.urlCheck(target)
  if (denied !== undefined) throw denied
  return target
}

function exchangeUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: TargetUri,
  origin: Duplex,
): void {
  const outbound = httpRequest({
    createConnection: () => origin as Socket,
    method: request.method,
    path: target.path,
    setHost: false,
    headers: [
      ...['Host', target.authority],
      ...forwardableRequestFields(request.rawHeaders),
      ...['Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '', 'Via', '1.1 larder'],
    ],
  })
  outbound.on('upgrade', (response, socket, originHead) => {
    client.write(headText(response))
    if (originHead.length > 0) client.write(originHead)
    if (head.length > 0) socket.write(head)
    void joinBoth(client, socket)
  })
  outbound.on('response', (response) => {
    // Refused: the answer goes back and both connections end; raw bytes never follow an answer that is not 101.
    client.write(headText(response, ['Connection', 'close']))
    response.pipe(client)
    response.on('error', () => client.destroy())
  })
  outbound.on('error', (error) => refuseRaw(client, new Fault('ORIGIN_CONNECTION_LOST', error.message)))
  client.once('close', () => outbound.destroy())
  outbound.end()
}

/** The head as text; `replaced`, when given, stands for the origin's connection and framing fields. */
function headText(response: IncomingMessage, replaced?: readonly string[]): string {
  let text = `HTTP/1.1 ${response.statusCode} ${STATUS_CODES[response.statusCode!] ?? 'Unknown'}\r\n`
  const { rawHeaders } = response
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const framing = /^(connection|keep-alive|transfer-encoding)$/i.test(rawHeaders[i]!)
    if (replaced === undefined || !framing) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  }
  if (replaced !== undefined) text += `${replaced[0]}: ${replaced[1]}\r\n`
  return `${text}\r\n`
}
