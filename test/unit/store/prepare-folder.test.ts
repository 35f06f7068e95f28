import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Layout, layoutOf } from '../../../src/store/layout.ts'
import { prepareFolder } from '../../../src/store/prepare-folder.ts'

function withFolder(work: (layout: Layout) => void): void {
  const top = mkdtempSync(join(tmpdir(), 'larder-prepare-'))
  try {
    work(layoutOf(join(top, 'deep', 'data')))
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

describe('Data folder', () => {
  test('is made with all its folders, for its owner alone', () =>
    withFolder((layout) => {
      prepareFolder(layout)
      assert.equal(readFileSync(layout.format, 'utf8'), 'layout=2\n')
      assert.equal(readdirSync(layout.blobs).length, 256)
      for (const folder of [layout.root, layout.staging, layout.blobs, join(layout.blobs, 'a0')]) {
        assert.equal(statSync(folder).mode & 0o777, 0o700, folder)
      }
    }))

  test('is prepared again without harm to what is in it', () =>
    withFolder((layout) => {
      prepareFolder(layout)
      writeFileSync(join(layout.blobs, 'aa', 'x'), 'kept')
      prepareFolder(layout)
      assert.equal(readFileSync(join(layout.blobs, 'aa', 'x'), 'utf8'), 'kept')
    }))

  test('loses what an interrupted ingest left, and nothing else (CORRECTNESS T04)', () =>
    withFolder((layout) => {
      prepareFolder(layout)
      writeFileSync(join(layout.staging, 'ab'.repeat(16)), 'left')
      writeFileSync(join(layout.staging, 'letter-to-grandmother.txt'), 'mine')
      mkdirSync(join(layout.staging, 'folder'))
      prepareFolder(layout)
      assert.deepEqual(readdirSync(layout.staging).toSorted(), ['folder', 'letter-to-grandmother.txt'])
    }))

  test('loses the drafts of files whose process was killed before they took their place', () =>
    withFolder((layout) => {
      prepareFolder(layout)
      for (const file of [layout.format, layout.clean, layout.verifyState, layout.eviction])
        writeFileSync(`${file}.new`, 'cut')
      prepareFolder(layout)
      assert.deepEqual(readdirSync(layout.root).toSorted(), ['FORMAT', 'blobs', 'quarantine', 'tmp'])
    }))

  for (const text of ['layout=3\n', '', 'something else']) {
    test(`with the format ${JSON.stringify(text)} is refused and left alone (CORRECTNESS T50)`, () =>
      withFolder((layout) => {
        mkdirSync(layout.root, { recursive: true })
        writeFileSync(layout.format, text)
        assert.throws(() => prepareFolder(layout), { code: 'STORE_LAYOUT_UNKNOWN' })
        assert.equal(existsSync(layout.blobs), false)
      }))
  }

  test('where a file stands is refused, naming folder and reason', () =>
    withFolder((layout) => {
      mkdirSync(join(layout.root, '..'), { recursive: true })
      writeFileSync(layout.root, 'a file')
      assert.throws(
        () => prepareFolder(layout),
        (error: Error & { code?: string }) =>
          error.code === 'STORE_UNWRITABLE' &&
          error.message.includes(layout.root) &&
          /EEXIST|ENOTDIR/.test(error.message),
      )
    }))

  test('where nobody can make a folder is refused at once, naming folder and reason (CORRECTNESS I6)', () => {
    for (const root of ['/proc/larder/data', '/dev/null/data']) {
      assert.throws(() => prepareFolder(layoutOf(root)), { code: 'STORE_UNWRITABLE', message: /^\/(?:proc|dev).*: E/ })
    }
  })
})
