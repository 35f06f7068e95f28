import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A server of the operating system, in a temporary folder, on a port of its own, not as root. */
export interface StartedServer {
  readonly port: number
  readonly folder: string
  /** Ends it at once with all its processes, as a crash would. */
  kill(): Promise<void>
  /** It hangs: connections are accepted, nothing is answered on old ones and new ones. */
  halt(): void
  goOn(): void
  /** The same again, on the same port and folder. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ServerKind {
  readonly name: string
  readonly binary: string
  /** Prepares the folder. */
  readonly prepare?: (folder: string, run: (command: string, words: readonly string[]) => void) => void
  readonly words: (port: number, folder: string) => readonly string[]
}

/** The user `nobody` of Debian, when the tests run as root. */
const nobody = 65_534
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

export async function startServer(kind: ServerKind): Promise<StartedServer> {
  if (!existsSync(kind.binary)) throw new Error(`${kind.binary} is not installed: scripts/debian-packages ${kind.name}`)
  const folder = mkdtempSync(join(tmpdir(), `larder-${kind.name}-`))
  if ('uid' in identity) chownSync(folder, nobody, nobody)
  kind.prepare?.(folder, (command, words) => {
    execFileSync(command, words, {
      ...identity,
      cwd: folder,
      stdio: 'pipe',
      env: { PATH: process.env.PATH!, HOME: folder },
    })
  })
  const port = await freePort()
  let server = await startOn(kind, port, folder).catch((error) => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  return {
    port,
    folder,
    kill: () => end(server, 'SIGKILL'),
    halt: () => {
      // The one that makes others first, so that none is missed.
      for (const id of processesOf(server)) send(id, 'SIGSTOP')
    },
    goOn: () => {
      for (const id of processesOf(server)) send(id, 'SIGCONT')
    },
    start: async () => {
      server = await startOn(kind, port, folder)
    },
    stop: async () => {
      await end(server, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A minute: a slow machine initializes slowly. */
const startAttempts = 2_400

async function startOn(kind: ServerKind, port: number, folder: string): Promise<ChildProcess> {
  const server = spawn(kind.binary, kind.words(port, folder), {
    ...identity,
    cwd: folder,
    env: { PATH: process.env.PATH!, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const output of [server.stdout!, server.stderr!]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000)
    })
  }
  for (let attempt = 0; attempt < startAttempts && server.exitCode === null; attempt += 1) {
    if (await accepts(port)) return server
    await pause(25)
  }
  await end(server, 'SIGKILL')
  throw new Error(`${kind.name} did not start: ${said}`)
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const [, ...others] = processesOf(server)
  server.kill(signal)
  await ended
  // What is left of it would refuse the next start its memory.
  for (const id of others) send(id, signal)
  while (others.some(isAlive)) await pause(10)
}

/** A server's process and those it made, such as one for each connection. */
function processesOf(server: ChildProcess): number[] {
  const isChild = (id: string): boolean =>
    /^\d+$/.test(id) && new RegExp(`^PPid:\\s+${server.pid}$`, 'm').test(statusOf(id))
  return [server.pid!, ...readdirSync('/proc').filter(isChild).map(Number)]
}

function statusOf(id: number | string): string {
  try {
    return readFileSync(`/proc/${id}/status`, 'utf8')
  } catch {
    return ''
  }
}

function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function isAlive(id: number): boolean {
  return /^State:\s+[^ZX]/m.test(statusOf(id))
}

/** Does anybody listen there, on loopback? */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A port of loopback on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
