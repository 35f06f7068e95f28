import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../base/faults.ts'
import type { AdminAddress, HostPort } from '../config/settings.ts'
import { answerJson } from './admin-answers.ts'
import { fileGuard, type Guard, portGuard } from './admin-guard.ts'
import { type AdminServices, answerRoute } from './admin-routes.ts'
import { listenOnSocket } from './admin-socket.ts'
import { ownToken } from './admin-token.ts'

export interface AdminServer {
  /** With the real port. */
  readonly address: AdminAddress
  /** Accepts nobody any more; running answers have a second to end. */
  close(): Promise<void>
}

const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const closeWaitMs = 1000
const mostConnections = 128

/** Health, metrics and the API. Rejects with `LISTEN_FAILED`, or what is wrong with the token file. */
export async function startAdminServer({
  address,
  services,
}: {
  readonly address: AdminAddress
  readonly services: AdminServices
}): Promise<AdminServer> {
  if ('path' in address) {
    const server = serverFor(fileGuard, services)
    await listenOnSocket(server, address.path)
    return { address, close: () => close(server) }
  }
  const token = ownToken(services.tokenFile)
  let guard: Guard = () => ({ status: 503, error: 'starting' })
  const server = serverFor((request) => guard(request), services)
  const bound = await listenOnPort(server, address)
  guard = portGuard(bound, token)
  return { address: bound, close: () => close(server) }
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
