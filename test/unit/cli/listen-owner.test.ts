import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { listenOwner } from '../../../src/cli/listen-owner.ts'

describe('The owner of a port', () => {
  for (const host of ['127.0.0.1', '::']) {
    test(`is found where it listens on ${host}`, async (context) => {
      const server = createServer().listen(0, host)
      await once(server, 'listening')
      context.after(() => server.close())
      const { port } = server.address() as { port: number }
      assert.match(listenOwner(port) ?? '', new RegExp(`^process ${process.pid} \\(\\S+\\)$`))
    })
  }

  test('is unknown where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    assert.equal(listenOwner(port), undefined)
  })
})
