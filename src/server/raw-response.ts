import type { Duplex } from 'node:stream'
import type { Fault } from '../base/faults.ts'
import { proxyStatus } from '../http/proxy-status.ts'

const reasons: { readonly [status: number]: string } = {
  400: 'Bad Request',
  403: 'Forbidden',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** Answers a fault on a connection that no HTTP server serves (a refused CONNECT, a malformed head), then closes it. */
export function refuseRaw(socket: Duplex, fault: Fault, status = fault.row.status ?? 500): void {
  if (socket.destroyed || !socket.writable) return
  const text = `${fault.code}: ${fault.row.sentence}\n${fault.message}\n${fault.row.remedy}\n`
  const proxy = proxyStatus(fault)
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}`,
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...(proxy === undefined ? [] : [`Proxy-Status: ${proxy}`]),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}
