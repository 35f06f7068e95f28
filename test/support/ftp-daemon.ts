import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** An FTP server of the operating system on loopback, serving a folder to anonymous users. */
export interface FtpDaemon {
  readonly port: number
  /** The anonymous root; files written here are served. */
  readonly root: string
  stop(): Promise<void>
}

/** TLS that the server demands, with a certificate that the tests' CA has issued. */
export interface FtpDaemonTls {
  readonly mode: 'explicit' | 'implicit'
  readonly key: string
  readonly cert: string
}

/** What a server is started with. */
export interface FtpDaemonStart {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** Folders and port of a server that is about to start. */
export interface FtpDaemonPlace {
  readonly folder: string
  readonly root: string
  /** A folder without anything in it. */
  readonly empty: string
  readonly port: number
  /** Writes a file that only its owner may read, and answers its path. */
  write(name: string, content: string): Promise<string>
}

/** A minute: a busy machine starts slowly. */
const startAttempts = 2_400

/** Makes folders and a free port, starts the server that `prepare` describes, and waits until it answers. */
export async function startFtpDaemon(
  name: string,
  hasGreeting: boolean,
  prepare: (place: FtpDaemonPlace) => Promise<FtpDaemonStart>,
): Promise<FtpDaemon> {
  const folder = await mkdtemp(join(tmpdir(), `larder-${name}-`))
  await chmod(folder, 0o755)
  const root = join(folder, 'root')
  const empty = join(folder, 'empty')
  // vsftpd refuses an anonymous root that the anonymous user could write to.
  for (const path of [root, empty]) await mkdir(path, { mode: 0o755 })
  const port = await freePort()
  const write = async (file: string, content: string): Promise<string> => {
    await writeFile(join(folder, file), content, { mode: 0o600 })
    return join(folder, file)
  }
  const { program, args, env } = await prepare({ folder, root, empty, port, write })
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: env ?? process.env })
  let said = ''
  server.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  const ended = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message))
    server.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}: ${said}`))
  })
  try {
    await reachable(name, port, hasGreeting, ended)
  } catch (error) {
    await end(server, ended, folder)
    throw error
  }
  return { port, root, stop: () => end(server, ended, folder) }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The servers say nothing when they are ready, so the port is asked until it answers. */
async function reachable(name: string, port: number, hasGreeting: boolean, ended: Promise<string>): Promise<void> {
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    if (await accepts(port, hasGreeting)) return
    const reason = await Promise.race([ended, pause(25, undefined)])
    if (reason !== undefined) throw new Error(`${name} did not start: ${reason}`)
  }
  throw new Error(`${name} did not start in time`)
}

function accepts(port: number, hasGreeting: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once(hasGreeting ? 'data' : 'connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function end(server: ChildProcess, ended: Promise<string>, folder: string): Promise<void> {
  server.kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true, force: true })
}
