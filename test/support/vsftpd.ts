import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The vsftpd of the operating system, serving a folder to anonymous users on loopback. */
export interface Vsftpd {
  readonly port: number
  /** The anonymous root; files written here are served. */
  readonly root: string
  stop(): Promise<void>
}

const binary = '/usr/sbin/vsftpd'

export async function startVsftpd(): Promise<Vsftpd> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-vsftpd-'))
  await chmod(folder, 0o755)
  const root = join(folder, 'root')
  const empty = join(folder, 'empty')
  // vsftpd refuses an anonymous root that the anonymous user could write to.
  for (const path of [root, empty]) await mkdir(path, { mode: 0o755 })
  const port = await freePort()
  const config = join(folder, 'vsftpd.conf')
  await writeFile(config, configuration(port, root, empty), { mode: 0o600 })
  const server = spawn(binary, [config], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message))
    server.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`))
  })
  try {
    await reachable(port, ended)
  } catch (error) {
    await end(server, ended, folder)
    throw error
  }
  return { port, root, stop: () => end(server, ended, folder) }
}

function configuration(port: number, root: string, empty: string): string {
  const options = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    anonymous_enable: 'YES',
    no_anon_password: 'YES',
    local_enable: 'NO',
    write_enable: 'NO',
    anon_root: root,
    ftp_username: 'ftp',
    secure_chroot_dir: empty,
    seccomp_sandbox: 'NO',
    isolate: 'NO',
    isolate_network: 'NO',
    xferlog_enable: 'NO',
    pasv_enable: 'YES',
  }
  return Object.entries(options)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** vsftpd says nothing when it is ready, so the port is asked until it answers. */
async function reachable(port: number, ended: Promise<string>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await accepts(port)) return
    const reason = await Promise.race([ended, pause(25, undefined)])
    if (reason !== undefined) throw new Error(`vsftpd did not start: ${reason}`)
  }
  throw new Error('vsftpd did not start in time')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
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
