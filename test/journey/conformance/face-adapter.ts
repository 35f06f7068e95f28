import { X509Certificate } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Face = 'plain' | 'intercepted'

/** Between the suite's client, which knows no proxy, and the proxy. */
export interface FaceAdapter {
  readonly port: number
  /** What must not have happened on the way to the proxy; empty after a good run. */
  readonly problems: readonly string[]
  stop(): Promise<void>
}

export interface Route {
  readonly face: Face
  readonly proxyPort: number
  /** `host:port` of the origin on this face. */
  readonly origin: string
  /** PEM of the CA of the proxy under test; its leaf is the only one that the intercepted face takes. */
  readonly proxyCa?: string | undefined
}

/** Reads up to and including `end`; what came after it goes back into the stream. */
function readThrough(socket: Socket, end: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0)
    const done = (): void => {
      socket.off('readable', look).off('end', cut).off('error', reject)
    }
    const cut = (): void => {
      done()
      reject(new Error(`the connection ended after ${got.length} bytes`))
    }
    const look = (): void => {
      for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null) !== null; ) {
        got = Buffer.concat([got, chunk])
        const at = got.indexOf(end)
        if (at === -1) continue
        done()
        const rest = got.subarray(at + end.length)
        if (rest.length > 0) socket.unshift(rest)
        resolve(got.subarray(0, at + end.length))
        return
      }
    }
    socket.on('readable', look).on('end', cut).on('error', reject)
    look()
  })
}

function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
    socket.once('error', reject)
  })
}

async function plainRoute({ proxyPort }: Route): Promise<Socket> {
  const socket = connect({ port: proxyPort, host: '127.0.0.1' })
  await opened(socket, 'connect')
  return socket
}

/** CONNECT, then TLS with the proxy's CA as the only one that is trusted: a leaf of the origin's own CA ends it. */
async function interceptedRoute(route: Route): Promise<Socket> {
  const socket = await plainRoute(route)
  socket.write(`CONNECT ${route.origin} HTTP/1.1\r\nHost: ${route.origin}\r\n\r\n`)
  const head = (await readThrough(socket, '\r\n\r\n')).toString('latin1')
  if (!/^HTTP\/1\.[01] 200 /.test(head)) throw new Error(`CONNECT was answered by ${head.split('\r\n')[0]}`)
  const servername = route.origin.replace(/:\d+$/, '')
  const secure = connectTls({ socket, servername, ca: route.proxyCa!, ALPNProtocols: ['http/1.1'] })
  await opened(secure, 'secureConnect').catch((error: Error) => {
    throw new Error(`tunnelled instead of intercepted? TLS with the proxy's CA failed: ${error.message}`)
  })
  const leaf = secure.getPeerX509Certificate()
  if (!leaf?.verify(new X509Certificate(route.proxyCa!).publicKey)) {
    throw new Error("tunnelled instead of intercepted: the leaf is not signed by the proxy's CA")
  }
  return secure
}

/** Passes bytes both ways until either side ends. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy()).on('close', () => to.destroySoon())
    from.pipe(to)
  }
}

/** The one change to what the client says: on the plain face the target is told in absolute-form (RFC 9112 §3.2.2). */
function forProxy(requestLine: Buffer, { face, origin }: Route): string {
  const line = requestLine.toString('latin1')
  return face === 'plain' ? line.replace(/^(\S+) \//, `$1 http://${origin}/`) : line
}

/** Takes requests in origin-form, one a connection, and brings them to the proxy byte for byte. */
export async function startFaceAdapter(route: Route): Promise<FaceAdapter> {
  const problems: string[] = []
  const clients = new Set<Socket>()
  const serve = async (client: Socket): Promise<void> => {
    const requestLine = await readThrough(client, '\r\n')
    const proxy = await (route.face === 'plain' ? plainRoute(route) : interceptedRoute(route))
    proxy.write(forProxy(requestLine, route), 'latin1')
    join(client, proxy)
  }
  const server = createServer((client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => client.destroy())
    serve(client).catch((error: Error) => {
      problems.push(error.message)
      client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    problems,
    stop: async () => {
      for (const client of clients) client.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
