import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { homeOf } from '../../support/program.ts'
import type { Registry } from './registry-content.ts'
import { tryTools } from './tool-runs.ts'

/** Each fetches from an https origin of its own name; everything that the tool itself would keep goes to a fresh folder. */
const scripts: readonly (readonly [name: string, script: (url: string) => string])[] = [
  ['curl', (url) => `curl -sSf ${url}/plain`],
  ['wget', (url) => `wget -q -O - ${url}/plain`],
  ['Node', (url) => `'${process.execPath}' -e 'fetch("${url}/plain").then((r) => r.text()).then(console.log)'`],
  ['Ruby', (url) => `ruby -ropen-uri -e 'puts URI.open("${url}/plain").read'`],
  ['requests', (url) => `python3 -c 'from pip._vendor import requests; print(requests.get("${url}/plain").text)'`],
  ['git', (url) => `git clone -q ${url}/repository.git "$fresh/clone" && cat "$fresh/clone/file"`],
  [
    'pip',
    (url) =>
      `pip3 download -q --no-cache-dir --no-deps -d "$fresh" --index-url ${url}/simple/ larder-sample && cat "$fresh"/*.whl`,
  ],
  [
    'Go',
    (url) => `GOFLAGS=-mod=mod GOSUMDB=off GOPATH="$fresh" GOPROXY=${url}/go go list -m -versions content.test/of`,
  ],
]
const tools = scripts.map(([name, script]) => ({ name, script }))

/** Files of a repository for git over plain https, and a wheel. */
function makeFiles(home: string): string {
  const files = join(home, 'files')
  const work = join(home, 'work')
  mkdirSync(join(files, 'simple/larder-sample'), { recursive: true })
  mkdirSync(work)
  writeFileSync(join(work, 'file'), 'content of the origin\n')
  const git = (...words: string[]): unknown =>
    execFileSync('git', ['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@b.test', ...words], {
      env: { ...process.env, HOME: home },
    })
  git('init', '-q')
  git('add', 'file')
  git('commit', '-q', '-m', 'one')
  git('clone', '-q', '--bare', work, join(files, 'repository.git'))
  git('-C', join(files, 'repository.git'), 'update-server-info')
  const info = join(work, 'larder_sample-1.0.dist-info')
  mkdirSync(info)
  writeFileSync(
    join(info, 'METADATA'),
    'Metadata-Version: 2.1\nName: larder-sample\nVersion: 1.0\nSummary: content of the origin\n',
  )
  writeFileSync(join(info, 'WHEEL'), 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
  writeFileSync(join(info, 'RECORD'), '')
  const wheel = join(files, 'simple/larder-sample/larder_sample-1.0-py3-none-any.whl')
  execFileSync('python3', ['-m', 'zipfile', '-c', wheel, 'larder_sample-1.0.dist-info'], { cwd: work })
  return files
}

/** What the origin answers, by path. */
const registryOf =
  (files: string): Registry =>
  (path) => {
    const plain = (body: string | Buffer) => ({ type: 'application/octet-stream', body })
    if (path === '/plain') return plain('content of the origin\n')
    if (path === '/go/content.test/of/@v/list') return plain('v1.0.0\n')
    if (path.endsWith('.info')) return plain('{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}')
    if (path.endsWith('.mod')) return plain('module content.test/of\n')
    if (path === '/simple/larder-sample/') {
      const name = 'larder_sample-1.0-py3-none-any.whl'
      return { type: 'text/html', body: `<!doctype html><a href="${name}">${name}</a>` }
    }
    const file = join(files, path)
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? plain(readFileSync(file)) : undefined
  }

test('larder run, from an empty home folder, lets every tool fetch over https, the second time from the store', async (context) =>
  tryTools(context, tools, registryOf(makeFiles(homeOf(context).HOME!))))
