import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server that the benchmark started, with a process group of its own. */
export interface RunningServer {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

export interface ServerStart {
  readonly name: string
  readonly command: string
  readonly parameters: readonly string[]
  readonly port: number
  /** Its output goes to `NAME.out` in this folder. */
  readonly folder: string
}

const startLimitMs = 30_000
const stopLimitMs = 5_000

/** A port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (result: boolean): void => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => end(true)).on('error', () => end(false))
  })
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

/** What a server may see of the caller's environment: no proxy, no option of Larder's, no home. */
function plainEnvironment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: folder, XDG_RUNTIME_DIR: folder }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // all of it has ended
  }
}

async function stop(child: ChildProcess): Promise<void> {
  signalGroup(child.pid, 'SIGTERM')
  for (let waitedMs = 0; isRunning(child) && waitedMs < stopLimitMs; waitedMs += 50) await sleep(50)
  // Whatever the leader left behind is in its group.
  signalGroup(child.pid, 'SIGKILL')
}

/** Starts a server and waits until its port answers; throws with the end of its output when it does not. */
export async function startServer({ name, command, parameters, port, folder }: ServerStart): Promise<RunningServer> {
  const outputFile = join(folder, `${name}.out`)
  const output = openSync(outputFile, 'a')
  const child = spawn(command, parameters, {
    stdio: ['ignore', output, output],
    env: plainEnvironment(folder),
    cwd: folder,
    detached: true,
  })
  // Also when the benchmark ends before it got to know this server.
  process.once('exit', () => signalGroup(child.pid, 'SIGKILL'))
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  const ready = async (): Promise<void> => {
    for (let waitedMs = 0; waitedMs < startLimitMs && isRunning(child); waitedMs += 50) {
      if (await answers(port)) return
      await sleep(50)
    }
    await stop(child)
    throw new Error(`${name} does not listen on port ${port}:\n${readFileSync(outputFile, 'utf8').slice(-2000)}`)
  }
  await Promise.race([ready(), failed])
  return { pid: child.pid!, port, stop: () => stop(child) }
}
