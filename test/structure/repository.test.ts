import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { projectFiles, readText, top } from './source-text.ts'

const lineCount = (path: string): number => readText(path).trimEnd().split('\n').length

interface PackageJson {
  readonly license: string
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}

interface LockedPackage {
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

/** Hosts that this machine's package managers ask, as they are configured now. */
function registryHosts(): string[] {
  const npm = execFileSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    cwd: top,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const folder = '/etc/apt/sources.list.d/'
  const lists = existsSync(folder) ? readdirSync(folder).map((name) => folder + name) : []
  const apt = ['/etc/apt/sources.list', ...lists].filter((path) => existsSync(path) && statSync(path).isFile())
  const lines = apt
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => /^(?:URIs:|deb)/.test(line))
  const hosts = [npm, ...lines].flatMap((line) =>
    [...line.matchAll(/https?:\/\/(?:[^\s/@]*@)?([^\s/:]+)/g)].map((found) => found[1]!),
  )
  return [...new Set(hosts)].filter((host) => host.includes('.'))
}

describe('The repository', () => {
  test('carries the Apache License 2.0 and says so', () => {
    assert.match(readText('LICENSE'), /Apache License\s+Version 2\.0, January 2004/)
    assert.equal((JSON.parse(readText('package.json')) as PackageJson).license, 'Apache-2.0')
  })

  test('pins every dependency to one version', () => {
    const { dependencies, devDependencies } = JSON.parse(readText('package.json')) as PackageJson
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    )
    assert.deepEqual(loose, [])
  })

  test('locks what package.json asks for, and every optional package of it, so that npm ci works anywhere', () => {
    const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, LockedPackage> }
    const { dependencies, devDependencies } = JSON.parse(readText('package.json')) as PackageJson
    assert.deepEqual(
      { ...packages['']?.dependencies, ...packages['']?.devDependencies },
      { ...dependencies, ...devDependencies },
    )
    const optional = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}))
    assert.deepEqual(
      optional.filter((name) => packages[`node_modules/${name}`] === undefined),
      [],
    )
  })

  test('names no registry host of the machine it is developed on, but where ecosystems are described', () => {
    const described = /^src\/ecosystem\/|^test\/[a-z]+\/ecosystem\//
    const files = projectFiles().filter((path) => !described.test(path))
    const found = registryHosts().flatMap((host) =>
      files.filter((path) => readText(path).includes(host)).map((path) => `${path}: ${host}`),
    )
    assert.deepEqual(found, [])
  })

  test('holds no key', () => {
    assert.deepEqual(
      projectFiles().filter((path) => /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]/.test(readText(path))),
      [],
    )
  })

  test('has a README of at most 200 lines whose links lead somewhere', () => {
    assert.ok(lineCount('README.md') <= 200)
    assert.deepEqual(deadLinks('README.md'), [])
  })

  test('has no dead link in any page', () => {
    assert.deepEqual(
      projectFiles()
        .filter((path) => path.endsWith('.md'))
        .flatMap(deadLinks),
      [],
    )
  })

  test('has decision records of at most 60 lines with status, context, decision and consequences', () => {
    const records = projectFiles('docs/decisions')
    assert.ok(records.length > 0)
    for (const path of records) {
      assert.match(path, /\/\d{4}-[a-z0-9-]+\.md$/)
      const headings = readText(path)
        .split('\n')
        .filter((line) => line.startsWith('## '))
      assert.deepEqual(headings, ['## Status', '## Context', '## Decision', '## Consequences'], path)
      assert.ok(lineCount(path) <= 60, path)
    }
  })

  test('numbers each decision record once', () => {
    const numbers = projectFiles('docs/decisions').map((path) => path.replace(/^.*\/(\d{4})-.*$/, '$1'))
    assert.deepEqual(
      numbers.filter((number, at) => numbers.indexOf(number) !== at),
      [],
    )
  })
})

/** Relative links of a page that name no file. */
function deadLinks(path: string): string[] {
  const folder = path.replace(/[^/]*$/, '')
  const links = [...readText(path).matchAll(/\]\(([^)\s]+)\)/g)].map((found) => found[1]!)
  const relative = links.filter((link) => !/^[a-z]+:|^#/.test(link)).map((link) => link.replace(/#.*$/, ''))
  return relative.filter((link) => !existsSync(top + folder + link)).map((link) => `${path}: ${link}`)
}

describe('The scripts', () => {
  const scripts = projectFiles('scripts').filter((path) => statSync(top + path).mode & 0o100)

  for (const path of scripts) {
    test(`${path} --help explains itself with an example and changes nothing`, () => {
      const { status, stdout } = spawnSync(top + path, ['--help'], { encoding: 'utf8', cwd: '/' })
      assert.equal(status, 0)
      assert.match(stdout, new RegExp(`^Usage: ${path}`))
      assert.match(stdout, /^Examples?:\n {2}\S/m)
    })

    // The options of `start` are those of `larder serve`, which refuses them in its own tests.
    if (path === 'scripts/start') continue
    test(`${path} refuses what it does not know`, () => {
      const { status, stderr } = spawnSync(top + path, ['--no-such-option'], { encoding: 'utf8', cwd: '/' })
      assert.notEqual(status, 0)
      assert.notEqual(stderr, '')
    })
  }

  test('include start and test', () => {
    assert.ok(scripts.includes('scripts/start') && scripts.includes('scripts/test'))
  })
})
