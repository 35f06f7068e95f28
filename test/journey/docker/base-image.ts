import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandEnd, command } from '../../support/command.ts'
import { filesOf, withDependencies } from './installed-packages.ts'

const small = ['apt', 'ca-certificates', 'wget']

/**
 * Makes a tar archive of a small Debian with apt and wget. Its packages are those that this machine has installed: to
 * unpack and configure them anew would take most of the time of these tests.
 */
export async function makeBase(folder: string): Promise<string> {
  const root = join(folder, 'root')
  mkdirSync(root)
  chmodSync(root, 0o755)
  const packages = await withDependencies(small)
  const copy = 'tar -C / --no-recursion -T - -cf - | tar -C "$0" -xpf -'
  await run('sh', ['-c', copy, root], listOf([...(await filesOf(packages)), '/bin/sh']))
  await writeState(root, packages)
  const archive = join(folder, 'root.tar')
  await run('tar', ['-C', root, '-cf', archive, '.'])
  rmSync(root, { recursive: true })
  return archive
}

/** Makes an archive of what packages of this machine have that the base image lacks. */
export async function packFiles(packages: readonly string[], archive: string): Promise<void> {
  const has = new Set(await withDependencies(small))
  const more = (await withDependencies(packages)).filter((name) => !has.has(name))
  const files = more.length === 0 ? [] : [...(await filesOf(more))]
  await run('tar', ['-C', '/', '--no-recursion', '-T', '-', '-cf', archive], listOf(files))
}

/** Adds what the folder has, and what its links lead to. */
export async function addFolder(archive: string, folder: string): Promise<void> {
  const owner = ['--owner=0', '--group=0', '--numeric-owner']
  const words = ['-C', folder, '-h', ...owner, '-rf', archive]
  if (readdirSync(folder).length > 0) await run('tar', [...words, ...readdirSync(folder)])
}

function listOf(files: readonly string[]): string {
  return files.map((path) => `${path.slice(1)}\n`).join('')
}

async function run(program: string, words: readonly string[], input = ''): Promise<CommandEnd> {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const end = await command(program, words, { env, input })
  assert.equal(end.code, 0, `${program} ${words.join(' ')}: ${end.stdout}${end.stderr}`)
  return end
}

/** What the packages' scripts would have written. */
async function writeState(root: string, packages: readonly string[]): Promise<void> {
  for (const name of ['passwd', 'group']) cpSync(`/usr/share/base-passwd/${name}.master`, join(root, 'etc', name))
  writeFileSync(join(root, 'etc/passwd'), '_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n', { flag: 'a' })

  const state = join(root, 'var/lib/dpkg')
  mkdirSync(join(state, 'updates'), { recursive: true })
  mkdirSync(join(state, 'info'), { recursive: true })
  writeFileSync(join(state, 'status'), (await run('dpkg-query', ['-s', ...packages])).stdout, 'latin1')
  const own = new Set(packages)
  for (const name of readdirSync('/var/lib/dpkg/info'))
    if (name === 'format' || (name.endsWith('.list') && own.has(name.split(/[:.](?=\w+$|\w+\.list$)/)[0]!)))
      cpSync(join('/var/lib/dpkg/info', name), join(state, 'info', name))

  const { mirror, suite } = await archiveOfThisMachine()
  writeFileSync(join(root, 'etc/apt/sources.list'), `deb ${mirror} ${suite} main\n`)
  writeFileSync(join(root, 'etc/apt/apt.conf.d/small'), 'Acquire::Languages "none";\n')
  mkdirSync(join(root, 'etc/dpkg/dpkg.cfg.d'), { recursive: true })
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/fast'), 'force-unsafe-io\n')
  await trustFew(root)
}

/** A few authorities: with all of them, most of a build would be to make the trust store anew. */
async function trustFew(root: string): Promise<void> {
  const few = readdirSync(join(root, 'usr/share/ca-certificates/mozilla')).sort().slice(0, 8)
  const list = join(root, 'etc/ca-certificates.conf')
  writeFileSync(list, few.map((name) => `mozilla/${name}\n`).join(''))
  const store = ['--etccertsdir', join(root, 'etc/ssl/certs')]
  const nothing = ['--localcertsdir', join(root, 'mnt'), '--hooksdir', join(root, 'none')]
  await run('update-ca-certificates', ['--certsconf', list, ...store, ...nothing])
  assert.ok(readFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt')).length > 0)
}

/** The first archive of packages in apt's lists. */
async function archiveOfThisMachine(): Promise<{ readonly mirror: string; readonly suite: string }> {
  const target = ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(LABEL)', 'Created-By: Packages']
  const { stdout } = await command('apt-get', target)
  const found = stdout.split('\n').map((line) => /^(http\S+) (\w+) Debian$/.exec(line))
  const [, mirror, suite] = found.find((match) => match !== null) ?? []
  if (mirror === undefined || suite === undefined) throw new Error('apt of this machine has no archive of Debian')
  return { mirror, suite }
}
