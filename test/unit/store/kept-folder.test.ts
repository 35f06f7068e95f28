import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { KeptFolder } from '../../../src/store/kept-folder.ts'
import { type Layout, layoutOf } from '../../../src/store/layout.ts'
import { prepareFolder } from '../../../src/store/prepare-folder.ts'
import { acquireStoreLock } from '../../../src/store/store-lock.ts'

function kept(t: TestContext): { folder: KeptFolder; layout: Layout } {
  const above = mkdtempSync(join(tmpdir(), 'larder-kept-'))
  const layout = layoutOf(join(above, 'data'))
  const lock = acquireStoreLock(layout)
  prepareFolder(layout)
  const folder = new KeptFolder(layout, lock)
  t.after(() => {
    folder.close()
    rmSync(above, { recursive: true })
  })
  return { folder, layout }
}

describe('The folder of a daemon that runs', () => {
  test('with another name it is waited for, and taken again as it is', (t) => {
    const { folder, layout } = kept(t)
    folder.check()
    renameSync(layout.root, `${layout.root}.away`)
    assert.throws(() => folder.check(), { code: 'STORE_IO' })
    assert.throws(() => folder.restore(), { code: 'STORE_IO' })
    assert.ok(!existsSync(layout.root), 'nothing is made in its place')
    renameSync(`${layout.root}.away`, layout.root)
    folder.check()
  })

  test('when it was removed it is made anew, locked again', (t) => {
    const { folder, layout } = kept(t)
    rmSync(layout.root, { recursive: true })
    assert.throws(() => folder.check(), { code: 'STORE_IO' })
    folder.restore()
    folder.check()
    assert.ok(existsSync(layout.format))
    assert.throws(() => acquireStoreLock(layout), { code: 'STORE_IN_USE' })
  })

  test('another one under its name is taken', (t) => {
    const { folder, layout } = kept(t)
    renameSync(layout.root, `${layout.root}.away`)
    mkdirSync(layout.root)
    folder.restore()
    folder.check()
    assert.ok(existsSync(layout.blobs))
  })

  test('parts of it that are missing are made again', (t) => {
    const { folder, layout } = kept(t)
    rmSync(layout.blobs, { recursive: true })
    folder.restore()
    folder.check()
    assert.ok(existsSync(join(layout.blobs, 'ff')))
  })

  test('the lock of a process that is gone is taken over', (t) => {
    const { folder, layout } = kept(t)
    writeFileSync(layout.lock, '1 0 -\n')
    assert.throws(() => folder.check(), { code: 'STORE_IO' })
    folder.restore()
    folder.check()
  })
})
