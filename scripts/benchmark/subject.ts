import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Origin } from './origin.ts'
import { freePort, type RunningServer, startServer } from './processes.ts'

/** What subjects are built on: the work folder and the origin. */
export interface Site {
  readonly folder: string
  readonly origin: Origin
}

/** A proxy under measurement. It can be started again on the same folders. */
export interface Subject {
  readonly name: string
  /** The CA that signs what it shows inside tunnels. */
  readonly caFile?: string
  readonly opensTls: boolean
  /** Whether it can be asked for what it has not got yet. */
  readonly caches: boolean
  start(): Promise<RunningServer>
}

/** `larder serve`, as scripts/start runs it. `entry` is src/main.ts or dist/main.js. */
export async function larder({ folder, origin }: Site, entry: string): Promise<Subject> {
  const port = await freePort()
  const caFolder = join(folder, 'larder-ca')
  const runtime = ['--disable-proto=delete', '--disable-sigusr1', entry]
  execFileSync(process.execPath, [...runtime, 'ca', 'init', '--ca-dir', caFolder], { stdio: 'pipe' })
  const options = {
    listen: [`127.0.0.1:${port}`],
    data: [join(folder, 'larder-data')],
    'ca-dir': [caFolder],
    admin: [`unix:${join(folder, 'larder.sock')}`],
    'access-log': ['none'],
    'allow-address': ['127.0.0.0/8'],
    'origin-ca': [join(folder, 'ca.pem')],
    'connect-port': ['443', String(origin.tlsPort)],
  }
  const flags = Object.entries(options).flatMap(([name, values]) => values.flatMap((value) => [`--${name}`, value]))
  const start = { name: 'larder', command: process.execPath, parameters: [...runtime, 'serve', ...flags], port, folder }
  const caFile = join(caFolder, 'ca.pem')
  return { name: 'larder', caFile, opensTls: true, caches: true, start: () => startServer(start) }
}

/** The bare Node server: what any proxy written for Node would cost at least. */
export async function floor({ folder }: Site): Promise<Subject> {
  const port = await freePort()
  const parameters = [join(import.meta.dirname, 'floor-server.ts'), String(port), folder]
  const start = { name: 'floor', command: process.execPath, parameters, port, folder }
  const caFile = join(folder, 'ca.pem')
  return { name: 'floor', caFile, opensTls: true, caches: false, start: () => startServer(start) }
}
