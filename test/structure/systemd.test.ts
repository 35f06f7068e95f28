import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { packagedUnits } from '../../scripts/pages/service-units.ts'
import { type ServicePlan, unitFiles } from '../../src/cli/service-units.ts'
import { readText } from './source-text.ts'

const system: ServicePlan = { ...packagedUnits, node: process.execPath }
const plans: Readonly<Record<string, ServicePlan>> = {
  system,
  'system, with a CA': { ...system, makesCa: true },
  user: { ...system, scope: 'user', configFile: undefined, makesCa: true },
  'user, with strange paths': { ...system, scope: 'user', configFile: '/etc/my 100% "larder"/a;b$c.yaml' },
}

/** Runs systemd-analyze on the units that name the Node of this machine. */
function analyze(plan: ServicePlan, units: RegExp, ...parameters: string[]): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'larder-unit-'))
  try {
    const files = unitFiles(plan).map(({ name, text }) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    })
    const given = [...parameters, ...files.filter((path) => units.test(path))]
    const { status, stdout, stderr, error } = spawnSync('systemd-analyze', given, {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
    })
    if (error !== undefined) throw error
    return { status, output: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('The systemd units', () => {
  for (const [name, plan] of Object.entries(plans)) {
    test(`(${name}) are understood by systemd without a warning`, () => {
      const { status, output } = analyze(plan, /./, 'verify', '--man=no', ...(plan.scope === 'user' ? ['--user'] : []))
      assert.equal(output, '')
      assert.equal(status, 0)
    })
  }

  test('of the system have an exposure of at most 2.0', () => {
    const { status, output } = analyze(system, /service$/, 'security', '--offline=true', '--threshold=20', '--no-pager')
    assert.equal(status, 0, output.trim().split('\n').at(-1))
  })

  test('leave core dumps and the debugger off, and let V8 compile', () => {
    const unit = readText('systemd/larder.service')
    assert.match(unit, /^LimitCORE=0$/m)
    assert.match(unit, /--disable-sigusr1\b/)
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=|--inspect/m)
  })

  test('name the sockets as the daemon expects them, and open the admin socket to its owner alone', () => {
    assert.match(readText('systemd/larder.socket'), /^FileDescriptorName=proxy$/m)
    const admin = readText('systemd/larder-admin.socket')
    assert.match(admin, /^FileDescriptorName=admin$/m)
    assert.match(admin, /^SocketMode=0600$/m)
  })
})
