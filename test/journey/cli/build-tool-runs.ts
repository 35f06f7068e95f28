import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { readSystemRoots } from '../../../src/ca/system-roots.ts'
import { clientEnvironment } from '../../../src/ecosystem/client-environment.ts'
import { command } from '../../support/command.ts'
import { type BuildTool, buildTools } from './build-tools.ts'
import { makeRegistry, type Registry } from './registry-content.ts'
import { refusalFindings, startServing } from './serving.ts'
import { hostOf, startNames, startRegistry, toolchains, tryTools } from './tool-runs.ts'

/** Some tools are slow to start. */
const deadline = { timeout: 20 * 60_000 }

/** Runs the tools of these names as a build does; `npmPackages` are those that npm installs for it. */
export function describeBuildTools(names: readonly string[], npmPackages: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'larder-build-tools-'))
  const chosen = buildTools(join(folder, 'node_modules')).filter(({ name }) => names.includes(name))
  let registry: Registry

  before(async () => {
    registry = makeRegistry(folder)
    if (npmPackages.length > 0) await install(folder, npmPackages)
  }, deadline)

  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

  test(
    'larder run lets every build tool take a package over https, the second time from the store',
    deadline,
    (context) => tryTools(context, chosen, registry),
  )
  test(
    'larder doctor names every build tool that was started without trust, and the fix for it',
    deadline,
    async (context) => {
      const origin = await startRegistry(context, registry)
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
      for (const tool of chosen) await fails(tool, { ...environment, ...toolchains, ...variables }, origin.port)
      assert.deepEqual(origin.asked, [])
      const found = await refusalFindings(environment)
      for (const { name, fix } of chosen) {
        await context.test(name, () => {
          const finding = found.find((one) => one.text.includes(` refused our certificate for ${hostOf(name)} `))
          assert.match(finding?.text ?? log(), /(?:once|\d+ times) \([a-z_]+\)/)
          assert.match(finding!.fix!, fix, finding!.text)
          assert.ok(log().includes(` refused our certificate for ${hostOf(name)} `))
        })
      }
    },
  )
}

async function install(folder: string, npmPackages: readonly string[]): Promise<void> {
  const bundle = join(folder, 'bundle.pem')
  writeFileSync(bundle, readSystemRoots().pem)
  const given = ['install', '--prefix', folder, '--prefer-offline', '--no-bin-links', '--no-audit', '--no-fund']
  const { code, stderr } = await command('npm', [...given, ...npmPackages], {
    env: { ...process.env, npm_config_cafile: bundle },
  })
  assert.equal(code, 0, stderr)
}

async function fails(
  { name, script }: BuildTool,
  environment: Readonly<Record<string, string>>,
  port: number,
): Promise<void> {
  const fresh = join(environment.HOME!, hostOf(name))
  const work = join(fresh, 'work')
  mkdirSync(work, { recursive: true })
  const lines = script(`https://${hostOf(name)}:${port}`)
  const env = { ...environment, fresh }
  const child = spawn('sh', ['-c', lines], { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.notEqual((await exited)[0], 0, `${name}: ${out}${err}`)
}
