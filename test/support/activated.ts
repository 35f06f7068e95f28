import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { homeOf, programFile } from './program.ts'

/** A daemon that systemd-socket-activate starts when somebody connects, as often as it ends. */
export interface Activated {
  readonly port: number
  readonly adminSocket: string
  readonly environment: Record<string, string>
  /** Waits for the next line of the daemons on standard error that `wanted` matches, those already seen included. */
  line(wanted: RegExp): Promise<string>
  /** Statuses of the daemons that have ended. */
  ends(): readonly string[]
  /** The process that is the daemon now, or waits to become it. */
  pid(): number
  /** Waits until one more has ended than `count`. */
  endedAfter(count: number): Promise<void>
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/**
 * The outer systemd-socket-activate stands for systemd: it opens the sockets, and the shell that it becomes with the first
 * connection keeps them while daemons come and go. The inner one waits for a connection and becomes the daemon.
 */
export async function startActivated(context: TestContext, words: readonly string[]): Promise<Activated> {
  const environment: Record<string, string> = { ...homeOf(context), LARDER_ALLOW_ADDRESS: '127.0.0.0/8' }
  const home = environment.HOME!
  const adminSocket = join(home, 'admin.sock')
  environment.LARDER_ADMIN = `unix:${adminSocket}`
  const port = await freePort()
  mkdirSync(join(home, 'log'))
  const ends = join(home, 'log', 'ends')
  writeFileSync(ends, '')
  const pidFile = join(home, 'log', 'pid')
  const script = join(home, 'again.sh')
  writeFileSync(
    script,
    `umask 077
while :; do
  sh -c 'echo $$ >"${pidFile}"; LISTEN_PID=$$ exec systemd-socket-activate --fdname=proxy:admin "$@"' sh "$@"
  echo $? >>"${ends}"
done
`,
  )
  const daemon = [process.execPath, programFile, 'serve', ...words]
  const passed = Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`)
  const child = spawn(
    'systemd-socket-activate',
    ['-l', `127.0.0.1:${port}`, '-l', adminSocket, ...passed, 'sh', script, ...passed, ...daemon],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: environment },
  )
  context.after(() => killGroup(child))
  const line = lineReader(child)
  await line(/^Listening on .*admin\.sock/)
  const endsNow = (): string[] => readFileSync(ends, 'utf8').split('\n').slice(0, -1)
  return {
    port,
    adminSocket,
    environment,
    line,
    ends: endsNow,
    pid: () => Number(readFileSync(pidFile, 'utf8')),
    endedAfter: async (count) => {
      while (endsNow().length <= count) await new Promise((resolve) => setTimeout(resolve, 20))
    },
  }
}

/** The shell, and whatever it started. */
async function killGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid!, 'SIGKILL')
  await exited
}

function lineReader(child: ChildProcess): (wanted: RegExp) => Promise<string> {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stderr! }).on('line', (text) => {
    lines.push(text)
    for (const wake of waiting) wake()
  })
  return (wanted) =>
    new Promise((resolve) => {
      const look = (): void => {
        const at = lines.findIndex((text) => wanted.test(text))
        if (at < 0) return
        waiting.delete(look)
        resolve(lines.splice(at, 1)[0]!)
      }
      waiting.add(look)
      look()
    })
}
