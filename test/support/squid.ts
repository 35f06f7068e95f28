import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { accepts, freePort } from './started-server.ts'

/** The Squid of the operating system as a plain forward proxy on loopback that stores nothing. */
export interface Squid {
  readonly port: number
  /** Its access log so far. */
  log(): Promise<string>
  /** Ends it at once, with all its connections. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const program = '/usr/sbin/squid'

/** A minute: a busy machine starts slowly. */
const startAttempts = 2_400

export async function startSquid(): Promise<Squid> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-squid-'))
  // It gives up root for a user of its own, who writes the log.
  await chmod(folder, 0o777)
  const port = await freePort()
  await writeFile(join(folder, 'squid.conf'), configuration(folder, port))
  let running = await launch(folder, port)
  const kill = async (): Promise<void> => {
    running.child.kill('SIGKILL')
    await running.ended
  }
  return {
    port,
    log: () => readFile(join(folder, 'access.log'), 'utf8'),
    kill,
    restart: async () => {
      running = await launch(folder, port)
    },
    stop: async () => {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, port: number): string {
  return `
http_port 127.0.0.1:${port}
http_access allow all
cache deny all
access_log stdio:${folder}/access.log
cache_log ${folder}/cache.log
pid_filename none
coredump_dir ${folder}
pinger_enable off
visible_hostname squid.test
`
}

async function launch(folder: string, port: number): Promise<{ child: ChildProcess; ended: Promise<string> }> {
  const child = spawn(program, ['-N', '-f', join(folder, 'squid.conf')], { stdio: 'ignore' })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`))
  })
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    if (await accepts(port)) return { child, ended }
    const reason = await Promise.race([ended, pause(25, undefined)])
    if (reason !== undefined) throw new Error(`squid did not start: ${reason}`)
  }
  child.kill('SIGKILL')
  throw new Error('squid did not start in time')
}
