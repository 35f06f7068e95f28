import { readFileSync, readlinkSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { Fault } from '../base/faults.ts'
import type { HostPort } from '../config/settings.ts'

/** A socket that listens already, by its descriptor. */
export interface PassedSocket {
  readonly fd: number
}

const backlog = 4096

/**
 * Binds `server` and answers the address with its real port; `undefined` when the machine has no such address family and
 * others are listened on. Rejects with `LISTEN_FAILED`.
 */
export async function listenOn(
  server: Server,
  address: HostPort | PassedSocket,
  optional: boolean,
): Promise<HostPort | undefined> {
  if ('fd' in address) return listenOnTcp(server, address)
  const { host, port } = address
  const error = await tryListen(() => server.listen({ host, port, backlog }), server)
  if (error === undefined) return { host, port: (server.address() as AddressInfo).port }
  const missing = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'
  if (missing && optional && host === '::1') return undefined
  throw new Fault('LISTEN_FAILED', `${host} port ${port}: ${error.code ?? error.message}`, { cause: error })
}

async function listenOnTcp(server: Server, socket: PassedSocket): Promise<HostPort> {
  const bound = await listenOnPassed(server, socket)
  if (typeof bound !== 'string') return { host: bound.address, port: bound.port }
  server.close()
  throw new Fault('LISTEN_FAILED', `the socket passed as descriptor ${socket.fd} for the proxy is ${bound}, not TCP`)
}

/** Serves a passed socket; answers its path, or its address and port. Closing `server` leaves whoever passed it his own copy. */
export async function listenOnPassed(server: Server, { fd }: PassedSocket): Promise<string | AddressInfo> {
  const error = await tryListen(() => server.listen({ fd, backlog }), server)
  const bound = error === undefined ? (server.address() ?? unixPath(fd)) : undefined
  if (bound !== undefined) return bound
  const reason = error?.code ?? error?.message ?? 'it has no address'
  throw new Fault('LISTEN_FAILED', `the socket passed as descriptor ${fd}: ${reason}`, { cause: error })
}

/** Node does not tell it of a socket that it has not bound itself; the kernel does, by inode. */
function unixPath(fd: number): string | undefined {
  const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  const rows = readFileSync('/proc/self/net/unix', 'utf8').split('\n')
  const row = rows.map((text) => text.trim().split(/\s+/)).find((columns) => columns[6] === inode)
  return row?.slice(7).join(' ')
}

function tryListen(listen: () => void, server: Server): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const settle = (error?: NodeJS.ErrnoException): void => {
      server.off('error', settle)
      server.off('listening', onListening)
      resolve(error)
    }
    const onListening = (): void => settle()
    server.on('error', settle)
    server.on('listening', onListening)
    try {
      listen()
    } catch (error) {
      settle(error as NodeJS.ErrnoException)
    }
  })
}
