import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startParentProxy } from '../../fakes/parent-proxy.ts'
import { homeOf, runProgram } from '../../support/program.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'

/** Each fetches from an https origin of its own name; everything that the tool itself would keep goes to a fresh folder. */
const tools: readonly (readonly [name: string, script: (url: string) => string])[] = [
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
function answerTo(path: string, files: string): string | Buffer | undefined {
  if (path === '/plain') return 'content of the origin\n'
  if (path === '/go/content.test/of/@v/list') return 'v1.0.0\n'
  if (path.endsWith('.info')) return '{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}'
  if (path.endsWith('.mod')) return 'module content.test/of\n'
  if (path === '/simple/larder-sample/')
    return '<!doctype html><a href="larder_sample-1.0-py3-none-any.whl">larder_sample-1.0-py3-none-any.whl</a>'
  try {
    return readFileSync(join(files, path))
  } catch {
    return undefined
  }
}

describe('larder run, from an empty home folder', () => {
  for (const [name, script] of tools) {
    test(`lets ${name} fetch over https, the second time from the store`, async (context) => {
      const environment = homeOf(context)
      const files = makeFiles(environment.HOME!)
      const origin = await startTlsOrigin((request, response) => {
        const body = answerTo(request.url!.replace(/\?.*/, ''), files)
        if (body === undefined) return response.writeHead(404, { 'Cache-Control': 'max-age=600' }).end('none\n')
        const type =
          request.url!.startsWith('/simple/larder-sample/?') || request.url!.endsWith('sample/')
            ? 'text/html'
            : 'application/octet-stream'
        response.writeHead(200, {
          'Cache-Control': 'max-age=600',
          'Content-Type': type,
          'Content-Length': Buffer.byteLength(body),
        })
        response.end(body)
      })
      const parent = await startParentProxy()
      context.after(async () => {
        await parent.stop()
        await origin.stop()
      })
      const settings = {
        LARDER_ORIGIN_CA: origin.caFile,
        LARDER_CONNECT_PORT: String(origin.port),
        LARDER_PARENT: `http://127.0.0.1:${parent.port}`,
        LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
      }
      const url = `https://${name.toLowerCase()}.test:${origin.port}`
      const asked: number[] = []
      for (const round of ['one', 'two']) {
        const fresh = join(environment.HOME!, round)
        mkdirSync(fresh)
        const { code, out, err } = await runProgram(['run', '--', 'sh', '-c', `fresh='${fresh}'; ${script(url)}`], {
          ...environment,
          ...settings,
        })
        assert.equal(code, 0, err)
        assert.match(out, /content|METADATA/)
        // git wants to know each time where branches stand, and says so; what they consist of is what counts.
        asked.push(origin.paths.filter((path) => !/info\/refs|HEAD$/.test(path)).length)
      }
      assert.ok(asked[0]! > 0)
      assert.equal(asked[1], asked[0], `asked of the origin again: ${origin.paths.slice(asked[0]).join(' ')}`)
    })
  }
})
