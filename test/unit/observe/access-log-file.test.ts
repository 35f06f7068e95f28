import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { openAccessLog } from '../../../src/observe/access-log-file.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-log-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const idsIn = (content: string): string[] =>
  content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id)

/** A program that writes to the access log on its standard output. */
function writer(program: string): string[] {
  const from = JSON.stringify(new URL('../../../src/observe/access-log-file.ts', import.meta.url))
  const event = JSON.stringify(new URL('../../support/exchange-event.ts', import.meta.url))
  const head = `import { openAccessLog } from ${from}; import { exchangeEvent } from ${event}\n`
  return ['--input-type=module-typescript', '-e', `${head}const log = openAccessLog('-')\n${program}`]
}

describe('The access log', () => {
  test('writes every line in order, and all of them before close is done', async (context) => {
    const path = join(folderOf(context), 'access.log')
    const log = openAccessLog(path)
    const ids = Array.from({ length: 5000 }, (_, index) => String(index))
    for (const id of ids) log.write(exchangeEvent({ id }))
    await log.close()
    assert.deepEqual(idsIn(readFileSync(path, 'utf8')), ids)
    assert.equal(log.droppedCount, 0)
  })

  test('goes on in a new file after reopen, and loses no line', async (context) => {
    const path = join(folderOf(context), 'access.log')
    const log = openAccessLog(path)
    log.write(exchangeEvent({ id: 'before' }))
    renameSync(path, `${path}.1`)
    log.reopen()
    log.write(exchangeEvent({ id: 'after' }))
    await log.close()
    assert.deepEqual(idsIn(readFileSync(path, 'utf8')), ['before', 'after'])
  })

  test('drops and counts what finds 8 MiB waiting', async (context) => {
    const log = openAccessLog(join(folderOf(context), 'access.log'))
    const event = exchangeEvent({ userAgent: 'x'.repeat(2000) })
    for (let line = 0; line < 5000; line++) log.write(event)
    assert.ok(log.droppedCount > 0)
    await log.close()
  })

  test('is refused at the start when the file cannot be opened', () => {
    assert.throws(
      () => openAccessLog('/nonexistent/folder/access.log'),
      (error) => error instanceof Fault && error.code === 'CONFIG_BAD_VALUE' && error.message.includes('ENOENT'),
    )
  })

  test('is nothing for none', async () => {
    const log = openAccessLog('none')
    log.write(exchangeEvent())
    await log.close()
    assert.equal(log.droppedCount, 0)
  })

  test('goes to standard output for -', async () => {
    const child = spawn(process.execPath, writer("log.write(exchangeEvent({ id: 'one' })); await log.close()"), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    assert.deepEqual(idsIn(await text(child.stdout)), ['one'])
  })

  test('outlives a reader of standard output that went away, and one that stopped reading', async () => {
    const program = `
      process.on('message', async (word) => {
        for (let line = 0; line < 20_000; line++) log.write(exchangeEvent({ userAgent: 'x'.repeat(1000) }))
        await new Promise((done) => setTimeout(done, 10))
        process.send({ word, dropped: log.droppedCount > 0 })
        if (word === 'gone') process.disconnect()
      })
      process.send('up')`
    const child = spawn(process.execPath, writer(program), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    await once(child, 'message')
    child.send('stuck')
    assert.deepEqual((await once(child, 'message'))[0], { word: 'stuck', dropped: true })
    child.stdout!.destroy()
    child.send('gone')
    assert.deepEqual((await once(child, 'message'))[0], { word: 'gone', dropped: true })
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })
})
