import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, type TestContext, test } from 'node:test'
import { readSystemRoots } from '../../../src/ca/system-roots.ts'
import { clientEnvironment } from '../../../src/ecosystem/client-environment.ts'
import { startParentProxy } from '../../fakes/parent-proxy.ts'
import { command } from '../../support/command.ts'
import { homeOf, runProgram } from '../../support/program.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'
import { buildTools } from './build-tools.ts'
import { makeRegistry, type Registry } from './registry-content.ts'
import { refusalFindings, startServing } from './serving.ts'

/** Some tools are slow to start. */
const deadline = { timeout: 20 * 60_000 }

let tools: string
let registry: Registry

/** Runs the tools of these names as a build does; `npmPackages` are those that npm installs for it. */
export function describeBuildTools(names: readonly string[], npmPackages: readonly string[]): void {
  const chosen = buildTools.filter(({ name }) => names.includes(name))
  let folder: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'larder-build-tools-'))
    tools = join(folder, 'node_modules')
    registry = makeRegistry(folder)
    const bundle = join(folder, 'bundle.pem')
    writeFileSync(bundle, readSystemRoots().pem)
    const given = ['install', '--prefix', folder, '--prefer-offline', '--no-bin-links', '--no-audit', '--no-fund']
    const { code, stderr } = await command('npm', [...given, ...npmPackages], {
      env: { ...process.env, npm_config_cafile: bundle },
    })
    assert.equal(code, 0, stderr)
  }, deadline)

  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

  describe('larder run, from an empty home folder', deadline, () => runs(chosen))
  describe('larder doctor', deadline, () => refusals(chosen))
}

const hostOf = (name: string): string => `${name.toLowerCase().replaceAll(' ', '-')}.test`

interface StartedRegistry {
  readonly origin: TlsOrigin
  /** What was fetched. Requests by HEAD bring nothing that could be stored. */
  readonly fetched: readonly string[]
}

/** The registry, under any name. */
async function startRegistry(context: TestContext): Promise<StartedRegistry> {
  const fetched: string[] = []
  const origin = await startTlsOrigin((request, response) => {
    const path = request.url!.replace(/\?.*/, '')
    if (request.method === 'GET') fetched.push(path)
    const answer = registry(path, `https://${request.headers.host}`)
    if (answer === undefined) return response.writeHead(404, { 'Cache-Control': 'max-age=600' }).end('none\n')
    response.writeHead(200, {
      'Cache-Control': 'max-age=600',
      'Content-Type': answer.type,
      'Content-Length': Buffer.byteLength(answer.body),
    })
    response.end(request.method === 'HEAD' ? undefined : answer.body)
  })
  context.after(() => origin.stop())
  return { origin, fetched }
}

/** Every name leads to this machine. */
async function startNames(context: TestContext): Promise<string> {
  const parent = await startParentProxy()
  context.after(() => parent.stop())
  return `http://127.0.0.1:${parent.port}`
}

/** A cargo that rustup chooses has its toolchains in the real home folder. */
const toolchains = { RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup') }

/** `script` with an empty folder to work in, and another one for what a tool keeps. */
function inFolders(home: string, name: string, script: string): string {
  const [fresh, work] = [join(home, name), join(home, `${name}-work`)]
  mkdirSync(fresh)
  mkdirSync(work)
  return `fresh='${fresh}'; cd '${work}'; ${script}`
}

function runs(chosen: typeof buildTools): void {
  for (const { name, script } of chosen) {
    test(`lets ${name} take a package over https, the second time from the store`, async (context) => {
      const environment: Record<string, string> = { ...homeOf(context), ...toolchains }
      const { origin, fetched } = await startRegistry(context)
      const settings = {
        LARDER_ORIGIN_CA: origin.caFile,
        LARDER_CONNECT_PORT: String(origin.port),
        LARDER_PARENT: await startNames(context),
        LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
      }
      const lines = script(`https://${hostOf(name)}:${origin.port}`, tools)
      const asked: number[] = []
      for (const round of ['one', 'two']) {
        const words = ['run', '--', 'sh', '-c', inFolders(environment.HOME!, round, lines)]
        const { code, out, err } = await runProgram(words, { ...environment, ...settings })
        assert.equal(code, 0, `${out}${err}`)
        assert.match(out, /content/)
        assert.match(err, /^larder: \S+ \S+ from the cache, \S+ \S+ from origins, \S+ s of waiting saved$/m)
        asked.push(fetched.length)
      }
      assert.ok(asked[0]! > 0)
      assert.equal(asked[1], asked[0], `asked of the origin again: ${fetched.slice(asked[0]).join(' ')}`)
    })
  }
}

function refusals(chosen: typeof buildTools): void {
  test('names every build tool that was started without trust, and the fix for it', deadline, async (context) => {
    const { origin } = await startRegistry(context)
    const { environment, proxyUrl, log } = await startServing(context, [
      ...['--connect-port', String(origin.port), '--origin-ca', origin.caFile, '--strict-trust'],
      ...['--parent', await startNames(context)],
    ])
    const { variables } = clientEnvironment({
      proxyUrl,
      caPem: undefined,
      systemRootsPem: '',
      folder: environment.HOME!,
      existing: {},
      readFile: () => undefined,
    })
    for (const { name, script } of chosen) {
      const lines = inFolders(environment.HOME!, hostOf(name), script(`https://${hostOf(name)}:${origin.port}`, tools))
      const env = { ...environment, ...toolchains, ...variables }
      const child = spawn('sh', ['-c', lines], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      const exited = once(child, 'exit')
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      assert.notEqual((await exited)[0], 0, `${name}: ${out}${err}`)
    }
    assert.deepEqual(origin.paths, [])
    const found = await refusalFindings(environment)
    for (const { name, fix } of chosen) {
      await context.test(name, () => {
        const finding = found.find((one) => one.text.includes(` refused our certificate for ${hostOf(name)} `))
        assert.match(finding?.text ?? log(), /(?:once|\d+ times) \([a-z_]+\)/)
        assert.match(finding!.fix!, fix, finding!.text)
        assert.ok(log().includes(` refused our certificate for ${hostOf(name)} `))
      })
    }
  })
}
