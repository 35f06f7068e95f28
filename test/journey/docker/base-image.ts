import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../support/command.ts'

/** Makes a tar archive of a small Debian with wget, from the archive that this machine's apt uses, through the proxy. */
export async function makeBase(folder: string, proxy: string): Promise<string> {
  const root = join(folder, 'root')
  const { mirror, suite } = await archiveOfThisMachine()
  const include = '--include=ca-certificates,wget'
  const words = ['--variant=minbase', include, suite, root, mirror]
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, http_proxy: proxy, https_proxy: proxy }
  const made = await command('debootstrap', words, { env })
  if (made.code !== 0) throw new Error(`debootstrap: ${made.code}\n${made.stdout.slice(-2000)}${made.stderr}`)
  const archive = join(folder, 'root.tar')
  const packed = await command('tar', ['-C', root, '-cf', archive, '.'])
  if (packed.code !== 0 || !existsSync(archive)) throw new Error(`tar: ${packed.stderr}`)
  rmSync(root, { recursive: true })
  return archive
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
