import { isIPv6, connect as netConnect, type Socket } from 'node:net'
import { TLSSocket, connect as tlsConnect } from 'node:tls'
import { type FTPContext, FTPError, type FTPResponse } from 'basic-ftp'
import type { ConnectionGuard } from './connection-guard.ts'

/**
 * Opens the data connection of the next transfer: EPSV, and PASV for servers that do not know it. It goes to the address
 * of the control connection, whatever address the server names, and its port is put to the guard (CORRECTNESS T23). When
 * the control connection has TLS, so has this one, in the same TLS session: servers take that as proof of who comes.
 */
export async function openDataConnection(
  context: FTPContext,
  guard: ConnectionGuard,
  timeoutMs: number,
): Promise<void> {
  const host = context.socket.remoteAddress
  if (host === undefined) throw new Error('Control connection is closed')
  const port = await passivePort(context, isIPv6(host))
  const fault = guard(host, port)
  if (fault !== undefined) throw fault
  const socket = await dialData(host, port, timeoutMs)
  context.dataSocket = context.socket instanceof TLSSocket ? secured(socket, context, context.socket) : socket
}

/** Servers begin TLS when they have been told what to transfer, so nobody waits for it here. */
function secured(socket: Socket, context: FTPContext, control: TLSSocket): Socket {
  const session = context.tlsSessionStore ?? control.getSession()
  const options = { ...context.tlsOptions, ...(session === undefined ? {} : { session }) }
  const data = tlsConnect({ ...options, socket })
  // Tickets of TLS 1.3 are for one use.
  return data.on('session', (fresh) => {
    context.tlsSessionStore = fresh
  })
}

async function passivePort(context: FTPContext, v6: boolean): Promise<number> {
  try {
    const reply = await context.request('EPSV')
    const digits = /\((.)\1\1(\d{1,5})\1\)/.exec(reply.message)?.[2]
    if (digits !== undefined) return checkedPort(Number(digits))
  } catch (error) {
    if (v6 || !(error instanceof FTPError) || error.code < 500) throw error
  }
  return portOfPasv(await context.request('PASV'))
}

function portOfPasv({ message }: FTPResponse): number {
  const numbers = /(?<!\d)(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})(?!\d)/.exec(message)
  if (numbers === null) throw new Error(`Can't parse the answer to PASV: ${message}`)
  return checkedPort(Number(numbers[1]) * 256 + Number(numbers[2]))
}

function checkedPort(port: number): number {
  if (port >= 1 && port <= 65_535) return port
  throw new Error(`Can't parse the port ${port} as one for the data connection`)
}

function dialData(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ host, port, noDelay: true })
    const timer = setTimeout(() => fail(new Error(`Timeout of ${timeoutMs} ms for the data connection`)), timeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
