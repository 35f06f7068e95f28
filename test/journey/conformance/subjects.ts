import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type RunningServer, startServer } from '../../../scripts/benchmark/processes.ts'
import type { Sign } from './face-run.ts'
import type { SuiteOrigin } from './suite-origin.ts'

/** A proxy under test, running. */
export interface Subject {
  readonly name: string
  readonly sign: Sign
  /** PEM of the CA of its leaves; without, it has no intercepted face. */
  readonly ca?: string | undefined
  readonly server: RunningServer
}

/** `larder serve --profile standards` with nothing stored. `entry` is dist/main.js or src/main.ts; `log` gets its access log. */
export async function startLarderSubject(
  entry: string,
  origin: SuiteOrigin,
  folder: string,
  log = 'none',
): Promise<Subject> {
  const port = await freePort()
  const caFolder = join(folder, 'larder-ca')
  const originCa = join(folder, 'origin-ca.pem')
  writeFileSync(originCa, origin.ca)
  execFileSync(process.execPath, [entry, 'ca', 'init', '--ca-dir', caFolder], { stdio: 'pipe' })
  const options = {
    profile: ['standards'],
    // The suite takes a further attempt, as at a 503, for a fault of its own connection.
    'retry-attempts': ['1'],
    listen: [`127.0.0.1:${port}`],
    data: [join(folder, 'larder-data')],
    'ca-dir': [caFolder],
    admin: [`unix:${join(folder, 'larder.sock')}`],
    'access-log': [log],
    'allow-address': ['127.0.0.0/8', '::1/128'],
    'origin-ca': [originCa],
    'connect-port': [String(origin.securePort)],
  }
  const flags = Object.entries(options).flatMap(([name, values]) => values.flatMap((value) => [`--${name}`, value]))
  const parameters = ['--disable-warning=ExperimentalWarning', entry, 'serve', ...flags]
  const server = await startServer({ name: 'larder', command: process.execPath, parameters, port, folder })
  const ca = readFileSync(join(caFolder, 'ca.pem'), 'utf8')
  return { name: 'larder', sign: { field: 'via', word: 'larder' }, ca, server }
}
