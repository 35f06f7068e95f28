import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, get as httpGet } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { homeOf, runProgram } from '../../support/program.ts'

function ask(larder: TestLarder, url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    httpGet({ host: '127.0.0.1', port: larder.port, path: url, agent: false }, (response) => {
      buffer(response).then(resolve, reject)
    }).on('error', reject)
  })
}

test('purges and pins by the admin address stand in the log: who, what, how many, which content; trials do not (CORRECTNESS 8.2.7)', async (context) => {
  const origin = createServer((request, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=600' })
    response.end(request.url)
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    origin.closeAllConnections()
    origin.close()
  })
  const home = homeOf(context)
  const log = join(home.HOME!, 'access.log')
  const larder = await startLarder({ accessLog: log }, false)
  context.after(() => larder.stop())
  const base = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  for (const path of ['/a', '/b', '/c?token=secret']) await ask(larder, base + path)
  await larder.exchanges('', 3)
  const { admin, dataFolder } = larder.settings
  const where = ['--data', dataFolder, '--admin', `unix:${'path' in admin ? admin.path : ''}`]
  for (const words of [
    ['pin', `${base}/a`],
    ['purge', '--url', '*', '--dry-run'],
    ['purge', `${base}/c?token=secret`],
    ['purge', '--url', `${base}/*`],
    ['unpin', `${base}/a`],
  ]) {
    const result = await runProgram([...words, ...where], home)
    assert.equal(result.code, 0, result.err)
  }
  await larder.daemon.stop()
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  assert.ok(lines.every((line) => !line.includes('secret')))
  const changes = lines.map((line) => JSON.parse(line)).filter((line) => line.admin !== undefined)
  const of = (path: string): string => `sha256:${digestOf(Buffer.from(path))}`
  assert.deepEqual(
    changes.map(({ admin, client, what, count, digests }) => ({ admin, client, what, count, digests })),
    [
      { admin: 'pin', client: 'unix', what: `${base}/a`, count: 1, digests: [of('/a')] },
      { admin: 'purge', client: 'unix', what: `${base}/c`, count: 1, digests: [of('/c?token=secret')] },
      { admin: 'purge', client: 'unix', what: JSON.stringify({ url: `${base}/*` }), count: 1, digests: [of('/b')] },
      { admin: 'unpin', client: 'unix', what: `${base}/a`, count: 1, digests: [of('/a')] },
    ],
  )
})
