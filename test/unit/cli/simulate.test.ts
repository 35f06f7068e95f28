import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { homeOf, runProgram } from '../../support/program.ts'

interface Found {
  readonly requests: number
  readonly objects: number
  readonly footprintBytes: number
  readonly ratios: readonly { policy: string; quotaBytes: number; hitRatio: number; byteHitRatio: number }[]
}

async function simulated(context: TestContext, name: string, content: string | Buffer, ...words: string[]) {
  const environment = homeOf(context)
  const file = join(environment.HOME!, name)
  writeFileSync(file, content)
  const option = name.endsWith('.log') ? '--access-log' : '--trace'
  return { ...(await runProgram(['simulate', option, file, ...words], environment)), folder: environment.HOME! }
}

/** Round after round of the objects a, b and c of 100 bytes. */
const rounds = `time,object,bytes\n${'1,a,100\n2,b,100\n3,c,100\n'.repeat(10)}`

describe('larder simulate', () => {
  test('what fits is hit from the second request on; a loop larger than the cache never is with LRU', async (context) => {
    const words = ['--quota', '300B', '--quota', '200B', '--policy', 'lru', '--json']
    const { code, out } = await simulated(context, 'trace.csv', rounds, ...words)
    assert.equal(code, 0)
    const found = JSON.parse(out) as Found
    assert.deepEqual([found.requests, found.objects, found.footprintBytes], [30, 3, 300])
    assert.deepEqual(
      found.ratios.map(({ quotaBytes, hitRatio, byteHitRatio }) => [quotaBytes, hitRatio, byteHitRatio]),
      [
        [300, 0.9, 0.9],
        [200, 0, 0],
      ],
    )
  })

  test('shares of all content, a packed trace, a table, a plot on the terminal and one in a file', async (context) => {
    const svg = join(homeOf(context).HOME!, 'ratio.svg')
    const { code, out } = await simulated(context, 'trace.csv.gz', gzipSync(rounds), '--quota', '100%', '--svg', svg)
    assert.equal(code, 0)
    assert.match(out, /^30 requests for 3 objects of 300 B together\n/)
    assert.match(out, /300 B +100\.0 % +sieve +90\.0 % +90\.0 %/)
    assert.match(out, /\* several\n$/)
    assert.match(readFileSync(svg, 'utf8'), /^<svg .*<polyline/s)
  })

  test('an access log is a trace of its whole responses to GET', async (context) => {
    const line = (url: string, changes: object = {}): string =>
      `${JSON.stringify({ method: 'GET', url, status: 200, result: 'hit', bytes: 10, ...changes })}\n`
    const log =
      line('http://a.test/1') +
      line('http://a.test/1') +
      line('http://a.test/2', { status: 206 }) +
      line('http://a.test/3', { method: 'HEAD' }) +
      line('a.test:443', { method: 'CONNECT', result: 'tunnelled' }) +
      'half a li'
    const { out } = await simulated(context, 'access.log', log, '--json')
    const found = JSON.parse(out) as Found
    assert.deepEqual([found.requests, found.objects], [2, 1])
  })

  for (const [words, says] of [
    [['--policy', 'arc'], /arc is no policy; there are gdsf, lru, sieve/],
    [['--quota', '10'], /10 is neither a size, such as 20GiB, nor a share/],
  ] as const) {
    test(`${words.join(' ')} is refused with what there is`, async (context) => {
      const { code, err } = await simulated(context, 'trace.csv', rounds, ...words)
      assert.equal(code, 2)
      assert.match(err, says)
    })
  }

  test('a file without the columns, an empty one, and none at all are told apart', async (context) => {
    assert.match((await simulated(context, 'trace.csv', 'a,b\n1,2\n')).err, /names no columns object and bytes/)
    assert.match((await simulated(context, 'empty.log', '')).err, /no request that a cache could answer/)
    assert.match((await runProgram(['simulate'], homeOf(context))).err, /either --trace or --access-log/)
  })
})
