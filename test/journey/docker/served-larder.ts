import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { urlToHttpOptions } from 'node:url'
import { compiledCode, programFile, runProgram } from '../../support/program.ts'
import { originName, type PackageOrigin } from './package-origin.ts'

/** A line of the access log, as far as it is looked at here. */
export interface LoggedExchange {
  /** ISO 8601: when the request came. */
  readonly time: string
  readonly url: string
  readonly status: number
  readonly result: string
  readonly originBytes: number
  readonly agent?: string
}

/** Those that came from `startAt` and before `endAt`, in milliseconds since the epoch. */
export function cameBetween(
  exchanges: readonly LoggedExchange[],
  startAt: number,
  endAt = Number.POSITIVE_INFINITY,
): readonly LoggedExchange[] {
  return exchanges.filter(({ time }) => Date.parse(time) >= startAt && Date.parse(time) < endAt)
}

/** The real program, as a daemon. */
export interface ServedLarder {
  readonly address: string
  readonly caFile: string
  readonly environment: Readonly<Record<string, string>>
  /** Runs a command of it and answers its standard output. */
  larder(...words: readonly string[]): Promise<string>
  /** Every exchange whose client has its answer; that of a fill may come a moment later, when its outcome is known. */
  log(): Promise<readonly LoggedExchange[]>
  stop(): Promise<void>
}

/** Serves from `folder`. It alone takes the origin's name for this machine: clients must ask for it through the proxy. */
export async function serveLarder(folder: string, origin: PackageOrigin): Promise<ServedLarder> {
  const home = join(folder, 'home')
  const run = join(folder, 'run')
  for (const path of [home, run]) mkdirSync(path, { mode: 0o700 })
  const accessLog = join(folder, 'access.log')
  const environment: Record<string, string> = {
    HOME: home,
    PATH: process.env.PATH!,
    ...compiledCode(),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'share'),
    XDG_RUNTIME_DIR: run,
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16',
    LARDER_CONNECT_PORT: `443,${origin.port}`,
    LARDER_ORIGIN_CA: origin.caFile,
    LARDER_LISTEN: '127.0.0.1:0',
    LARDER_ACCESS_LOG: accessLog,
  }
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, `${readFileSync('/etc/hosts', 'utf8')}\n127.0.0.1 ${originName}\n`)
  const larder = async (...words: readonly string[]): Promise<string> => {
    const { code, out, err } = await runProgram(words, environment)
    if (code !== 0) throw new Error(`larder ${words.join(' ')}: ${code}\n${err}`)
    return out
  }
  await larder('ca', 'init')
  const caFile = join(folder, 'larder-ca.pem')
  await larder('ca', 'export', '-o', caFile)
  const inNamespace = 'mount --bind "$0" /etc/hosts && exec "$@"'
  const words = ['--mount', 'sh', '-c', inNamespace, hosts, process.execPath, programFile, 'serve']
  const child = spawn('unshare', words, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
  const address = await listening(child)
  return {
    address,
    caFile,
    environment,
    larder,
    log: () => wholeLog(accessLog, address),
    stop: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function listening(child: ChildProcess): Promise<string> {
  const said: string[] = []
  for await (const line of createInterface(child.stderr!)) {
    said.push(line)
    const address = /http_proxy=(http:\S+)\)/.exec(line)?.[1]
    if (address === undefined) continue
    child.stderr!.resume()
    return address
  }
  throw new Error(`larder serve ended: ${said.join('\n')}`)
}

/** Lines are written in the order of their ends, a moment behind: once that of a refused request is there, so are those before. */
async function wholeLog(file: string, address: string): Promise<readonly LoggedExchange[]> {
  const mark = `http://192.0.2.1/${randomUUID()}`
  get({ ...urlToHttpOptions(new URL(address)), path: mark, agent: false }).on('response', (answer) => answer.resume())
  for (;;) {
    const lines = readLog(file)
    const end = lines.findIndex(({ url }) => url === mark)
    if (end >= 0) return lines.slice(0, end)
    await pause(50)
  }
}

function readLog(file: string): readonly LoggedExchange[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as LoggedExchange)
}
