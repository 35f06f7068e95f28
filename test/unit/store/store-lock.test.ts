import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Layout, layoutOf } from '../../../src/store/layout.ts'
import { acquireStoreLock } from '../../../src/store/store-lock.ts'

async function withFolder(work: (layout: Layout) => void | Promise<void>): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), 'larder-lock-'))
  try {
    await work(layoutOf(join(top, 'data')))
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

const inUse = (layout: Layout) => (error: Error & { code?: string }) =>
  error.code === 'STORE_IN_USE' && error.message.includes(layout.root) && error.message.includes(String(process.pid))

describe('Store lock (CORRECTNESS T07)', () => {
  test('a folder that is in use is refused, naming folder and process', () =>
    withFolder((layout) => {
      const lock = acquireStoreLock(layout)
      assert.throws(() => acquireStoreLock(layout), inUse(layout))
      assert.throws(() => acquireStoreLock(layout), inUse(layout))
      lock.release()
      lock.release()
      acquireStoreLock(layout).release()
      assert.deepEqual(readdirSync(layout.root), [])
    }))

  test('the lock names process, its start and the boot', () =>
    withFolder((layout) => {
      const lock = acquireStoreLock(layout)
      const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      assert.match(readFileSync(layout.lock, 'utf8'), new RegExp(`^${process.pid} \\d+ ${bootId}\\n$`))
      lock.release()
    }))

  test('what a process left that was killed while it took the lock is removed, but not what a living one is about to use', () =>
    withFolder((layout) => {
      mkdirSync(layout.root, { mode: 0o700 })
      const lock = acquireStoreLock(layout)
      const living = readFileSync(layout.lock, 'utf8')
      lock.release()
      const draft = (digit: string, end = '') => `lock.${digit.repeat(16)}${end}`
      writeFileSync(join(layout.root, draft('a')), living.replace(/\d+\n$/, 'another boot\n').replace(/ \d+ /, ' 1 '))
      writeFileSync(join(layout.root, draft('b', '.old')), '')
      utimesSync(join(layout.root, draft('b', '.old')), 0, 0)
      writeFileSync(join(layout.root, draft('c')), living)
      writeFileSync(join(layout.root, draft('d')), '')
      writeFileSync(join(layout.root, 'lock.txt'), '')
      acquireStoreLock(layout).release()
      assert.deepEqual(readdirSync(layout.root).sort(), [draft('c'), draft('d'), 'lock.txt'])
    }))

  test('a lock of a process that was killed is taken over', () =>
    withFolder(async (layout) => {
      const program = `
        import { acquireStoreLock } from '${new URL('../../../src/store/store-lock.ts', import.meta.url)}'
        import { layoutOf } from '${new URL('../../../src/store/layout.ts', import.meta.url)}'
        acquireStoreLock(layoutOf(${JSON.stringify(layout.root)}))
        process.stdout.write('locked')
        setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      assert.throws(() => acquireStoreLock(layout), { code: 'STORE_IN_USE' })
      child.kill('SIGKILL')
      await once(child, 'exit')
      acquireStoreLock(layout).release()
    }))

  const stale: Readonly<Record<string, (own: string) => string>> = {
    'of a process whose number another one has now': (own) => own.replace(/ \d+ /, ' 1 '),
    'of another boot': (own) => own.replace(/\S+\n$/, '00000000-0000-0000-0000-000000000000\n'),
    'that is empty': () => '',
    'that is no lock': () => '-1 rm -rf',
  }
  for (const [title, change] of Object.entries(stale)) {
    test(`a lock ${title} is taken over`, () =>
      withFolder((layout) => {
        const first = acquireStoreLock(layout)
        const own = readFileSync(layout.lock, 'utf8')
        first.release()
        writeFileSync(layout.lock, change(own))
        const lock = acquireStoreLock(layout)
        assert.equal(readFileSync(layout.lock, 'utf8'), own)
        lock.release()
      }))
  }

  test('a release leaves the lock of whoever took over', () =>
    withFolder((layout) => {
      const lock = acquireStoreLock(layout)
      writeFileSync(layout.lock, 'another')
      lock.release()
      assert.equal(existsSync(layout.lock), true)
    }))

  test('a folder that cannot be written is refused, naming folder and reason', () =>
    withFolder((layout) => {
      mkdirSync(join(layout.root, '..'), { recursive: true })
      writeFileSync(layout.root, 'a file')
      assert.throws(() => acquireStoreLock(layout), { code: 'STORE_UNWRITABLE' })
    }))
})
