import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type CommandEnd, command } from '../../support/command.ts'

/** An engine of the test's own: nothing of the machine's images is seen or touched. */
export interface Engine {
  readonly name: 'docker' | 'podman' | 'buildah'
  readonly environment: Readonly<Record<string, string>>
  /** Runs a command of it that must end well, and answers what it said. */
  ask(...words: readonly string[]): Promise<string>
  /** Makes an image of a tar archive of a root folder. */
  importRoot(archive: string, image: string): Promise<void>
  /** Writes the image as `docker save` does, with its layers as they are. */
  save(image: string, file: string): Promise<void>
  stop(): Promise<void>
}

/** Where scripts/test unpacks Docker's packages; or the system has them. */
const unpacked = '/opt/larder-tests'
const top = existsSync(join(unpacked, 'usr/sbin', 'dockerd')) ? unpacked : '/'

const daemon = 'dockerd'

function runner(
  name: string,
  environment: Readonly<Record<string, string>>,
): (...words: readonly string[]) => Promise<string> {
  return async (...words) => {
    const end: CommandEnd = await command(name, words, { env: environment })
    if (end.code !== 0) throw new Error(`${name} ${words.join(' ')}: ${end.code}\n${end.stdout}${end.stderr}`)
    return end.stdout + end.stderr
  }
}

/**
 * Needs root, control groups and overlay mounts; throws with the daemon's words when it does not start. `ofDaemon`:
 * variables for the daemon alone.
 */
export async function startDocker(ofDaemon: Readonly<Record<string, string>> = {}): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-docker-'))
  const socket = join(folder, 's')
  const environment = {
    PATH: `${join(top, 'usr/bin')}:${join(top, 'usr/sbin')}:${process.env.PATH}:/usr/sbin:/sbin`,
    HOME: folder,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_BUILDKIT: '1',
    BUILDKIT_PROGRESS: 'plain',
  }
  const words = [
    ['--data-root', join(folder, 'data')],
    ['--exec-root', join(folder, 'exec')],
    ['--pidfile', join(folder, 'pid')],
    ['--host', `unix://${socket}`],
    ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
  ].flat()
  const child = spawn(daemon, words, { env: { ...environment, ...ofDaemon }, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const said: string[] = []
  for await (const line of createInterface(child.stderr)) {
    said.push(line)
    if (line.includes('API listen on')) break
  }
  if (child.exitCode !== null) throw new Error(`dockerd does not start: ${said.slice(-20).join('\n')}`)
  child.stderr.resume()
  const ask = runner('docker', environment)
  return {
    name: 'docker',
    environment,
    ask,
    importRoot: async (archive, image) => {
      await ask('import', archive, image)
    },
    save: async (image, file) => {
      await ask('save', '-o', file, image)
    },
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Podman or Buildah without a daemon and without control groups. Buildah's storage shares the files of layers where the
 * folder allows that; Podman's copies them: it would leave a mount behind. They need root alone.
 */
export async function makeDaemonless(name: 'podman' | 'buildah'): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), `larder-${name}-`))
  const driver = name === 'buildah' && (await mayOverlay(folder)) ? 'overlay' : 'vfs'
  const storage = [
    '[storage]',
    `driver = "${driver}"`,
    `graphroot = "${join(folder, 'graph')}"`,
    `runroot = "${join(folder, 'run')}"`,
  ]
  writeFileSync(join(folder, 'storage.conf'), `${storage.join('\n')}\n`)
  writeFileSync(join(folder, 'registries.conf'), '')
  const environment = {
    PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
    HOME: folder,
    TMPDIR: folder,
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
    BUILDAH_ISOLATION: 'chroot',
  }
  const ask = runner(name, environment)
  return {
    name,
    environment,
    ask,
    importRoot: async (archive, image) => {
      const context = join(folder, 'import')
      mkdirSync(context)
      writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nADD root.tar /\n')
      linkSync(archive, join(context, 'root.tar'))
      await ask('build', '-t', image, context)
      rmSync(context, { recursive: true })
    },
    save: async (image, file) => {
      await ask('push', image, `docker-archive:${file}:${image}`)
    },
    stop: async () => {
      // Where a command of it was killed.
      if (driver === 'overlay') await command('umount', [join(folder, 'graph', driver)])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether layers in the folder may be laid over each other; a container whose own root is such a mount cannot. */
async function mayOverlay(folder: string): Promise<boolean> {
  const parts = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name))
  for (const part of parts) mkdirSync(part)
  const mount = 'mount -t overlay overlay -o "lowerdir=$0,upperdir=$1,workdir=$2" "$3"'
  const { code } = await command('unshare', ['--mount', 'sh', '-c', mount, ...parts])
  for (const part of parts) rmSync(part, { recursive: true })
  return code === 0
}
