import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../base/faults.ts'
import type { AdminAddress, HostPort } from '../config/settings.ts'
import { answerJson } from './admin-answers.ts'
import { fileGuard, type Guard, portGuard } from './admin-guard.ts'
import { type AdminServices, answerRoute } from './admin-routes.ts'
import { checkPassedSocket, listenOnSocket } from './admin-socket.ts'
import { ownToken } from './admin-token.ts'
import { listenOnPassed, type PassedSocket } from './listen-on.ts'

export interface AdminServer {
  /** With the real port. */
  readonly address: AdminAddress
  /** Clients that are connected now. */
  readonly connectionCount: number
  /** Clients that connected since the start. */
  readonly acceptedCount: number
  /** Accepts nobody any more; running answers have a second to end. */
  close(): Promise<void>
}

const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const closeWaitMs = 1000
const mostConnections = 128

/** Health, metrics and the API. Rejects with `LISTEN_FAILED`, `CONFIG_CONFLICT`, or what is wrong with the token file. */
export async function startAdminServer({
  address,
  services,
}: {
  readonly address: AdminAddress | PassedSocket
  readonly services: AdminServices
}): Promise<AdminServer> {
  let guard: Guard = () => ({ status: 503, error: 'starting' })
  const server = serverFor((request) => guard(request), services)
  try {
    const bound = await bind(server, address)
    guard = 'path' in bound ? fileGuard : portGuard(bound, ownToken(services.tokenFile))
    return running(server, bound)
  } catch (error) {
    server.close()
    throw error
  }
}

async function bind(server: Server, address: AdminAddress | PassedSocket): Promise<AdminAddress> {
  if ('fd' in address) {
    const passed = await listenOnPassed(server, address)
    const bound = typeof passed === 'string' ? { path: passed } : { host: passed.address, port: passed.port }
    checkPassedSocket(bound)
    return bound
  }
  if (!('path' in address)) return listenOnPort(server, address)
  await listenOnSocket(server, address.path)
  return address
}

function running(server: Server, address: AdminAddress): AdminServer {
  let connectionCount = 0
  let acceptedCount = 0
  server.on('connection', (socket) => {
    connectionCount++
    acceptedCount++
    socket.once('close', () => connectionCount--)
  })
  return {
    address,
    get connectionCount() {
      return connectionCount
    },
    get acceptedCount() {
      return acceptedCount
    },
    close: () => close(server),
  }
}

function serverFor(guard: Guard, services: AdminServices): Server {
  const listener: RequestListener = (request, response) => {
    const refusal = guard(request)
    if (refusal === undefined) void answerRoute(request, response, services)
    else answerJson(response, refusal.status, { error: refusal.error })
  }
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, listener)
  server.maxConnections = mostConnections
  return server
}

async function listenOnPort(server: Server, { host, port }: HostPort): Promise<HostPort> {
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Fault('LISTEN_FAILED', `${host}:${port}: ${code}`, { cause })
  }
  const { address, port: real } = server.address() as AddressInfo
  return { host: address, port: real }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeWaitMs)
  await closed
  clearTimeout(timer)
}
