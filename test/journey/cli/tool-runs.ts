import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startParentProxy } from '../../fakes/parent-proxy.ts'
import { homeOf, runProgram } from '../../support/program.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'
import type { Registry } from './registry-content.ts'

/** A tool that fetches; `script` is for sh, in an empty folder, and everything that the tool would keep goes to the folder $fresh. */
export interface TriedTool {
  readonly name: string
  readonly script: (url: string) => string
}

export interface StartedRegistry {
  readonly port: number
  readonly caFile: string
  /** What it was asked, with the names of hosts, validations included. */
  readonly asked: readonly string[]
  /** What it gave away whole. */
  readonly given: readonly string[]
}

export const hostOf = (name: string): string => `${name.toLowerCase().replaceAll(' ', '-')}.test`

/** The registry, under any name. */
export async function startRegistry(context: TestContext, registry: Registry): Promise<StartedRegistry> {
  const asked: string[] = []
  const given: string[] = []
  const origin = await startTlsOrigin((request, response) => {
    const path = request.url!.replace(/\?.*/, '')
    const { host } = request.headers
    asked.push(`${host}${path}`)
    const answer = registry(path, `https://${host}`)
    if (answer === undefined) return response.writeHead(404, { 'Cache-Control': 'max-age=600' }).end('none\n')
    const ETag = `"${createHash('sha256').update(answer.body).digest('hex')}"`
    const fields = { 'Cache-Control': 'max-age=600', ETag }
    if (request.headers['if-none-match'] === ETag) return response.writeHead(304, fields).end()
    const size = Buffer.byteLength(answer.body)
    response.writeHead(200, { ...fields, 'Content-Type': answer.type, 'Content-Length': size })
    if (request.method === 'HEAD') return response.end()
    given.push(`${host}${path}`)
    return response.end(answer.body)
  })
  context.after(() => origin.stop())
  return { port: origin.port, caFile: origin.caFile, asked, given }
}

/** Every name leads to this machine. */
export async function startNames(context: TestContext): Promise<string> {
  const parent = await startParentProxy()
  context.after(() => parent.stop())
  return `http://127.0.0.1:${parent.port}`
}

/** A cargo that rustup chooses has its toolchains in the real home folder. */
export const toolchains = { RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup') }

/**
 * Runs all tools in one `larder run`, as a build does, each from an empty home folder and twice, keeping nothing itself;
 * each is a test of its own: it got what it wanted both times, and the origin gave away every file once.
 */
export async function tryTools(context: TestContext, tools: readonly TriedTool[], registry: Registry): Promise<void> {
  const environment: Record<string, string> = { ...homeOf(context), ...toolchains }
  const origin = await startRegistry(context, registry)
  const settings = {
    LARDER_ORIGIN_CA: origin.caFile,
    LARDER_CONNECT_PORT: String(origin.port),
    LARDER_PARENT: await startNames(context),
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
  }
  const folderOf = (name: string): string => join(environment.HOME!, hostOf(name))
  for (const { name, script } of tools) {
    mkdirSync(folderOf(name))
    writeFileSync(join(folderOf(name), 'script'), script(`https://${hostOf(name)}:${origin.port}`))
  }
  const lines = tools.map(({ name }) => `try_twice '${folderOf(name)}'`).join('\n')
  const { code, err } = await runProgram(['run', '--', 'sh', '-c', `${tryTwice}${lines}`], {
    ...environment,
    ...settings,
  })
  assert.equal(code, 0, err)
  assert.match(err, /^larder: \S+ \S+ from the cache, \S+ \S+ from origins, \S+ s of waiting saved$/m)
  for (const { name } of tools) {
    await context.test(name, () => {
      const said = (file: string): string => readFileSync(join(folderOf(name), file), 'utf8')
      for (const round of ['one', 'two']) {
        assert.equal(said(`${round}.code`), '0\n', `${round}: ${said(`${round}.out`)}${said(`${round}.err`)}`)
        assert.match(said(`${round}.out`), /content|METADATA/)
      }
      const given = origin.given.filter((one) => one.startsWith(`${hostOf(name)}:`))
      assert.ok(given.length > 0)
      assert.deepEqual(given, [...new Set(given)], 'given away twice')
    })
  }
}

const tryTwice = `try_twice() {
  for round in one two; do
    mkdir "$1/$round" "$1/$round-work"
    (cd "$1/$round-work" && HOME=$1 fresh=$1/$round exec sh "$1/script") >"$1/$round.out" 2>"$1/$round.err"
    echo $? >"$1/$round.code"
  done
}
`
