import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP origin on loopback that remembers what it was asked. */
export interface TestOrigin {
  readonly port: number
  readonly url: string
  readonly requests: readonly {
    readonly method: string
    readonly url: string
    readonly headers: IncomingMessage['headers']
  }[]
  /** How many requests for exactly this path and query came. */
  count(path: string): number
  stop(): Promise<void>
}

export async function startOrigin(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestOrigin> {
  const requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, url: request.url!, headers: request.headers })
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    count: (path) => requests.filter((request) => request.url === path).length,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
