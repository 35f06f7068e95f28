import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFaultFtp } from '../../fakes/fault-ftp.ts'
import { type MiddleFaults, startFtpMiddle } from '../../fakes/ftp-middle.ts'
import { ftpFetcher, get, targetOf } from '../../support/origin-fetching.ts'

const content = Buffer.alloc(300_000, 'x')

async function through(faults: Partial<MiddleFaults>) {
  const server = await startFaultFtp({ content })
  const middle = await startFtpMiddle(server.port)
  Object.assign(middle.faults, faults)
  const fetcher = ftpFetcher(faults.withholds226 ? { idleTimeoutMs: 1_000 } : {})
  const received = await get(fetcher, targetOf('ftp', middle.port, '/file')).catch((fault) => ({ fault, content: '' }))
  await fetcher.close()
  await middle.stop()
  await server.stop()
  return { received, middle, server }
}

test('without a fault it hands everything on', async () => {
  const { received, middle, server } = await through({})
  assert.deepEqual([received.fault, received.content], [undefined, content])
  assert.deepEqual(middle.commands, server.commands)
  assert.equal(middle.contentBytes, content.length)
})

test('it lets as many bytes of a data connection pass as it is told to', async () => {
  for (const cut of ['fin', 'reset'] as const) {
    const { received, middle } = await through({ cut, cutsAfterBytes: [1_000] })
    assert.equal(middle.contentBytes, 1_000)
    assert.equal(received.fault?.code, 'ORIGIN_TRUNCATED')
  }
})

test('it falsifies SIZE and keeps 226 to itself', async () => {
  assert.match((await through({ sizeError: 7 })).received.fault!.message, /300007/)
  assert.ok((await through({ withholds226: true })).received.fault)
})
