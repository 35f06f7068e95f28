import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { asFault, Fault } from '../base/faults.ts'
import { checkRequestHead } from '../http/request-gate.ts'
import { parseAuthorityForm } from '../http/target-uri.ts'
import type { TunnelTarget } from '../pipeline/exchange.ts'
import { followTrust } from './client-trust.ts'
import type { ListenerServices } from './listener.ts'
import { refuseRaw } from './raw-response.ts'
import { splice } from './splice.ts'
import type { RefusingPair } from './trust-refusals.ts'

const established = 'HTTP/1.1 200 Connection Established\r\n\r\n'
/** For the TLS handshake, and for the first byte after CONNECT (CORRECTNESS T37). */
const firstByteTimeoutMs = 10_000
const tlsHandshakeByte = 0x16
/** Empty lines may stand before a request (RFC 9112 section 2.2). */
const carriageReturn = 0x0d
/** A TLS record with the fatal alert unrecognized_name (RFC 8446 section 6.2). */
const unrecognizedName = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70])

/** What the listener does with a tunnel whose inner requests are HTTP: plain, or decrypted. */
export type ServeInside = (connection: Duplex, tunnel: TunnelTarget) => void

/** Handles one CONNECT request: refuses, splices, or opens it and serves what is inside (CORRECTNESS T09, T21). */
export function openTunnel(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  services: ListenerServices,
  id: string,
  serveInside: ServeInside,
): void {
  client.on('error', () => client.destroy())
  const reason = checkConnect(request)
  if (reason !== undefined) return refuse(client, new Fault('CLIENT_REQUEST_INVALID', reason))
  const authority = parseAuthorityForm(request.url ?? '')
  if ('invalid' in authority) return refuse(client, new Fault('CLIENT_REQUEST_INVALID', authority.invalid))
  const { host, port } = authority
  const denied = services.connectCheck(host, port)
  if (denied !== undefined) return refuse(client, denied)
  const userAgent = request.headers['user-agent']
  const pair = { client: client.remoteAddress ?? '-', userAgent, host }
  const opened = services.intercepts(host) && (services.leaves !== undefined || port === 80)
  if (!opened || services.refusals.isSpliced(pair)) {
    void splice(client, head, { host, port }, services, { id, userAgent })
    return
  }
  client.write(established)
  onFirstByte(client, head, (first) => {
    if (first === tlsHandshakeByte && services.leaves !== undefined)
      return intercept(client, { host, port }, pair, services, serveInside)
    if (isMethodByte(first) || first === carriageReturn) return serveInside(client, { scheme: 'http', host, port })
    client.destroy()
  })
}

/** The gate of all requests: bytes behind an ambiguous CONNECT could be its content or the tunnel's. */
function checkConnect({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  return checkRequestHead({ method, requestTarget: url, httpVersion, raw: rawHeaders }, 'proxy')
}

function refuse(client: Socket, fault: Fault): void {
  refuseRaw(client, fault)
}

/** Waits for the first byte inside the tunnel and leaves it to be read again. */
function onFirstByte(client: Socket, head: Buffer, decide: (first: number) => void): void {
  if (head.length > 0) {
    client.unshift(head)
    return decide(head[0]!)
  }
  const giveUp = (): void => {
    client.destroy()
  }
  client.setTimeout(firstByteTimeoutMs, giveUp)
  client.once('data', (chunk: Buffer) => {
    client.setTimeout(0)
    client.off('timeout', giveUp)
    client.pause()
    client.unshift(chunk)
    decide(chunk[0]!)
  })
  client.resume()
}

/** A to Z: the first letter of an HTTP method. */
function isMethodByte(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

/** Ends the client's TLS here, with our leaf for the CONNECT target; a server name for another host gets an alert. */
function intercept(
  client: Socket,
  target: { readonly host: string; readonly port: number },
  pair: RefusingPair,
  services: ListenerServices,
  serveInside: ServeInside,
): void {
  let serverName = target.host
  const refused = (reason: string): void =>
    services.observer({ kind: 'tls-refused', serverName, client: client.remoteAddress ?? '-', reason })
  let isShown = false
  let tls: TLSSocket
  try {
    tls = new TLSSocket(client, {
      isServer: true,
      secureContext: services.leaves!.contextFor(target.host),
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, answer) => {
        serverName = name
        if (name.toLowerCase().replace(/\.$/, '') !== target.host) {
          // Nothing was sent yet, so the alert goes out in plain text; Node has no way to make OpenSSL send it.
          client.write(unrecognizedName)
          return answer(new Error(`server name ${name} inside a tunnel to ${target.host}`), undefined)
        }
        isShown = true
        answer(null)
      },
    })
  } catch (error) {
    refused(asFault(error).message)
    client.destroy()
    return
  }
  followTrust({ tls, client, pair, refusals: services.refusals, isShown: () => isShown, failed: refused })
  tls.setTimeout(firstByteTimeoutMs, () => tls.destroy())
  tls.on('error', () => tls.destroy())
  tls.once('secure', () => {
    isShown = true
    tls.setTimeout(0)
    tls.removeAllListeners('timeout')
    serveInside(tls, { scheme: 'https', ...target })
  })
}
