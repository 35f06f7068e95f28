import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer } from 'node:tls'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'

/** The suite's server, and a TLS end in front of it: the same origin on both faces. */
export interface SuiteOrigin {
  readonly plain: string
  readonly secure: string
  readonly securePort: number
  /** PEM of the throw-away CA of the TLS end. */
  readonly ca: string
  stop(): Promise<void>
}

export type Tell = (line: string) => void

async function startSuiteServer(suiteFolder: string, folder: string, tell: Tell) {
  const child = spawn(process.execPath, ['--no-warnings', 'server/server.mjs'], {
    cwd: suiteFolder,
    env: {
      npm_config_protocol: 'http',
      npm_config_port: '0',
      npm_config_pidfile: join(folder, 'suite-server.pid'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const port = await new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      const listening = /^Listening on http:.*:(\d+)\/$/.exec(line)
      if (listening) resolve(Number(listening[1]))
      else tell(line)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the suite's server ended with ${code} before it listened`)))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
  }
  return { port, stop }
}

/** Ends TLS and passes what is inside on, byte for byte. */
async function startTlsEnd(to: number) {
  const ca = createThrowAwayCa()
  const sockets = new Set<Socket>()
  const server = createServer({ ...ca.issue('DNS:localhost'), ALPNProtocols: ['http/1.1'] }, (client) => {
    const inner = connect({ port: to, host: 'localhost' })
    for (const socket of [client, inner]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('error', () => inner.destroy()).on('close', () => inner.destroySoon())
    inner.on('error', () => client.destroy()).on('close', () => client.destroySoon())
    client.pipe(inner).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    ca.remove()
  }
  return { port: (server.address() as AddressInfo).port, ca: ca.root, stop }
}

/** `tell` gets what the suite's server prints: warnings, and the exchanges of a dumped test. */
export async function startSuiteOrigin(suiteFolder: string, folder: string, tell: Tell): Promise<SuiteOrigin> {
  const server = await startSuiteServer(suiteFolder, folder, tell)
  const tlsEnd = await startTlsEnd(server.port)
  return {
    plain: `localhost:${server.port}`,
    secure: `localhost:${tlsEnd.port}`,
    securePort: tlsEnd.port,
    ca: tlsEnd.ca,
    stop: async () => {
      await tlsEnd.stop()
      await server.stop()
    },
  }
}
