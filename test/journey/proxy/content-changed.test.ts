import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { LarderEvent } from '../../../src/base/events.ts'
import { startLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

type ContentChanged = Extract<LarderEvent, { kind: 'content-changed' }>
const isChange = (event: LarderEvent): event is ContentChanged => event.kind === 'content-changed'
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

test('other content under a URL that never changes is told, with both digests and without the query (CORRECTNESS T18)', async () => {
  const contents = ['first', 'first', 'second']
  const origin = await startOrigin((_, response) => {
    const content = contents.shift()
    response.setHeader('Cache-Control', 'max-age=0')
    response.setHeader('ETag', `"${content}"`)
    response.end(content)
  })
  const larder = await startLarder()
  const path = '/left-pad/-/left-pad-1.0.0.tgz'
  for (const content of [...contents]) {
    assert.equal((await ask(larder.port, `${origin.url}${path}?token=secret`)).body.toString(), content)
    await larder.exchanges(path, 3 - contents.length)
  }
  const change = await larder.event(isChange)
  assert.deepEqual(change, {
    kind: 'content-changed',
    url: `${origin.url}${path}`,
    rule: 'npm.tarball',
    before: digestOf('first'),
    after: digestOf('second'),
  })
  assert.equal(larder.events.filter(isChange).length, 1)
  await larder.stop()
  await origin.stop()
})

test('a page that may change does so without a word', async () => {
  const contents = ['first', 'second']
  const origin = await startOrigin((_, response) => {
    const content = contents.shift()
    response.setHeader('Cache-Control', 'max-age=0')
    response.setHeader('ETag', `"${content}"`)
    response.end(content)
  })
  const larder = await startLarder()
  for (let count = 1; count <= 2; count++) {
    await ask(larder.port, `${origin.url}/news`)
    await larder.exchanges('/news', count)
  }
  assert.equal(larder.events.some(isChange), false)
  await larder.stop()
  await origin.stop()
})
