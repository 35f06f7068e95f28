import assert from 'node:assert/strict'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { command } from '../../support/command.ts'

/** What no test reads, and what forbids pip to install for everybody, which the images of Python itself do not have. */
const left =
  /^\/usr\/share\/(?:doc|man|locale|info|lintian|bash-completion)\/|^\/usr\/lib\/jvm\/[^/]*\/(?:jmods|lib\/src\.zip)|\/EXTERNALLY-MANAGED$/

async function linesOf(program: string, ...words: readonly string[]): Promise<readonly string[]> {
  const end = await command(program, words)
  assert.equal(end.code, 0, `${program}: ${end.stderr}`)
  return end.stdout.split('\n').slice(0, -1)
}

interface InstalledPackage {
  readonly name: string
  readonly essential: boolean
  /** Real and virtual names; of alternatives, each. */
  readonly needs: readonly string[]
  readonly provides: readonly string[]
}

async function installedPackages(): Promise<readonly InstalledPackage[]> {
  const fields = ['db:Status-Status', 'Package', 'Essential', 'Pre-Depends', 'Depends', 'Provides']
  const lines = await linesOf('dpkg-query', '-W', '-f', `${fields.map((field) => `\${${field}}`).join('\t')}\n`)
  const names = (list: string): string[] => list.match(/(?<=^|[,|] ?)[a-z0-9][^ ,:|]*/g) ?? []
  return lines.flatMap((line) => {
    const [status, name, essential, preDepends, depends, provides] = line.split('\t') as [string, ...string[]]
    if (status !== 'installed') return []
    const needs = [...names(preDepends!), ...names(depends!)]
    return [{ name: name!, essential: essential === 'yes', needs, provides: names(provides!) }]
  })
}

/** Names of the packages, which this machine must have installed, of those that no Debian is without, and of all that they depend on. */
export async function withDependencies(packages: readonly string[]): Promise<readonly string[]> {
  const installed = await installedPackages()
  const byName = new Map<string, InstalledPackage[]>()
  for (const one of installed)
    for (const name of [one.name, ...one.provides]) byName.set(name, [...(byName.get(name) ?? []), one])
  const missing = packages.filter((name) => !byName.has(name))
  assert.deepEqual(missing, [], 'this machine must have these Debian packages installed')
  const found = new Set<string>()
  const add = (name: string): void => {
    for (const one of byName.get(name) ?? []) {
      if (found.has(one.name)) continue
      found.add(one.name)
      for (const needed of one.needs) add(needed)
    }
  }
  for (const { name, essential } of installed) if (essential) add(name)
  for (const name of packages) add(name)
  return [...found]
}

/** Paths of what the packages installed, folders included, with the links by which their programs are called. */
export async function filesOf(packages: readonly string[]): Promise<ReadonlySet<string>> {
  const lines = await linesOf('dpkg-query', '-L', ...packages)
  const files = new Set(lines.filter((line) => line.startsWith('/') && !left.test(line)).map(withoutLink))
  for (const path of [...files]) if (!lstatSync(path, { throwIfNoEntry: false })) files.delete(path)
  for (const name of readdirSync('/etc/alternatives')) {
    const description = `/var/lib/dpkg/alternatives/${name}`
    const link = `/etc/alternatives/${name}`
    if (!existsSync(description) || !files.has(withoutLink(readlinkSync(link)))) continue
    files.add(link).add(withoutLink(readFileSync(description, 'utf8').split('\n')[1]!))
  }
  return files
}

/** Packages name `/bin/sh` where `/bin` is a link to `/usr/bin`. */
function withoutLink(path: string): string {
  const [, first, rest] = /^(\/[^/]+)(\/.+)/.exec(path) ?? []
  if (first === undefined || !lstatSync(first, { throwIfNoEntry: false })?.isSymbolicLink()) return path
  return `/${readlinkSync(first).replace(/^\//, '')}${rest}`
}
