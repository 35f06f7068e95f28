import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readText } from './source-text.ts'

/** Runs systemd-analyze on a copy of the unit that names the Node of this machine. */
function analyze(...parameters: string[]): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'larder-unit-'))
  try {
    const unit = join(folder, 'larder.service')
    writeFileSync(
      unit,
      readText('systemd/larder.service').replace('ExecStart=/usr/bin/node', `ExecStart=${process.execPath}`),
    )
    const { status, stdout, stderr, error } = spawnSync('systemd-analyze', [...parameters, unit], { encoding: 'utf8' })
    if (error !== undefined) throw error
    return { status, output: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('The systemd unit', () => {
  test('is understood by systemd without a warning', () => {
    const { status, output } = analyze('verify', '--man=no')
    assert.equal(output, '')
    assert.equal(status, 0)
  })

  test('has an exposure of at most 2.0', () => {
    const { status, output } = analyze('security', '--offline=true', '--threshold=20', '--no-pager')
    assert.equal(status, 0, output.trim().split('\n').at(-1))
  })

  test('leaves core dumps and the debugger off, and lets V8 compile', () => {
    const unit = readText('systemd/larder.service')
    assert.match(unit, /^LimitCORE=0$/m)
    assert.match(unit, /--disable-sigusr1\b/)
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=|--inspect/m)
  })
})
