import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { Totals } from '../../../src/observe/totals.ts'
import type { AdminServices } from '../../../src/server/admin-routes.ts'
import { startAdminServer } from '../../../src/server/admin-server.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'
import { homeOf, type ProgramResult, runProgram } from '../../support/program.ts'
import { foundResponse, storedAdmin } from '../../support/stored-admin.ts'

const caPem = '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n'
const content = 'x'.repeat(100_000)
const sha256 = createHash('sha256').update(content).digest('hex')

interface Stage {
  readonly home: string
  larder(...words: string[]): Promise<ProgramResult>
}

/** An admin server that answers from a table, where the program looks for its daemon. */
async function stage(context: TestContext, changes: Partial<AdminServices> = {}): Promise<Stage> {
  const environment = homeOf(context)
  const totals = new Totals()
  totals.observe(exchangeEvent())
  totals.observe(exchangeEvent({ result: 'miss', stored: 'no-store', originBytes: 10 }))
  totals.observe(exchangeEvent({ result: 'tunnelled' }))
  const services: AdminServices = {
    verifying: { state: () => ({ isRunning: false }), begin: () => {}, stop: async () => {} },
    live: () => true,
    ready: () => ({ ready: true, reasons: [] }),
    metrics: async () => '',
    status: () => ({
      listen: [
        { host: '::1', port: 7 },
        { host: '127.0.0.1', port: 7 },
      ],
      intercept: [],
      ca: null,
    }),
    stats: () => totals.snapshot(),
    origins: () => ({ origins: [] }),
    refusals: () => ({ refusals: [] }),
    alerts: () => ({}),
    why: async () => undefined,
    stored: storedAdmin({
      changeUrl: async (url) => ({
        wasThere: url.endsWith('/known'),
        changed: url.endsWith('/known') ? [foundResponse()] : [],
      }),
    }),
    fetch: (url, response) => {
      if (url.endsWith('/busy')) response.writeHead(503, { 'Proxy-Status': 'larder; details=ORIGIN_BUSY' }).end('busy')
      else if (url.endsWith('/gone')) response.writeHead(404).end('gone')
      else if (url.endsWith('/cut')) {
        response.writeHead(200, { 'Content-Length': 10 })
        response.write('12345', () => response.destroy())
      } else response.writeHead(200, { 'Cache-Status': 'larder; hit', 'Content-Length': content.length }).end(content)
    },
    caPem,
    tokenFile: join(environment.HOME!, 'token'),
    ...changes,
  }
  const path = join(environment.XDG_STATE_HOME!, 'larder', 'admin.sock')
  const server = await startAdminServer({ address: { path }, services })
  context.after(() => server.close())
  return { home: environment.HOME!, larder: (...words) => runProgram(words, environment) }
}

describe('larder stats and status', () => {
  test('print figures and facts for people, and JSON for programs', async (context) => {
    const { larder } = await stage(context)
    const { out } = await larder('stats')
    assert.match(out, /^3 requests: 1 from the cache, 1 asked of origins, 1 passed through$/m)
    assert.match(out, /^not stored: no-store 1$/m)
    assert.equal(JSON.parse((await larder('stats', '--json')).out).hits, 1)
    assert.match((await larder('status')).out, /^listen +\[::1\]:7, 127\.0\.0\.1:7\nintercept +all hosts\nca +none$/m)
    assert.equal(JSON.parse((await larder('status', '--json')).out).listen[0].port, 7)
  })

  test('tell of origins that are in trouble, one a line', async (context) => {
    const origin = {
      circuit: 'open',
      openSince: '2026-01-01T00:00:00.000Z',
      nextProbe: '2026-01-01T00:02:00.000Z',
      pausedUntil: null,
      failuresInARow: 17,
      lastFault: null,
      requestsLastMinute: 20,
      retriesLastMinute: 3,
    }
    const originsInTrouble = ['http://a.test', 'http://b.test'].map((name) => ({ origin: name, ...origin }))
    const { larder } = await stage(context, { status: () => ({ originsInTrouble, ready: true }) })
    const told =
      /^originsInTrouble {2}http:\/\/a\.test: circuit open since .*\n {18}http:\/\/b\.test: circuit open .*\nready +yes$/m
    assert.match((await larder('status')).out, told)
    assert.deepEqual(JSON.parse((await larder('status', '--json')).out).originsInTrouble, originsInTrouble)
  })

  test('say so when no origin is in trouble', async (context) => {
    const { larder } = await stage(context, { status: () => ({ originsInTrouble: [] }) })
    assert.equal((await larder('status')).out, 'originsInTrouble  none\n')
  })

  test('tells of each parent what is thought of it', async (context) => {
    const parents = [
      { parent: 'http://a.test:3128', score: 0, state: 'set aside', lastFailure: 'parent a.test:3128: refused' },
      { parent: 'https://b.test:3129', score: 100, state: 'in use', lastFailure: null },
    ]
    const { larder } = await stage(context, { status: () => ({ parents }) })
    const told = [
      'parents  http://a.test:3128: set aside, score 0, parent a.test:3128: refused\n',
      '         https://b.test:3129: in use, score 100\n',
    ]
    assert.equal((await larder('status')).out, told.join(''))
    assert.deepEqual(JSON.parse((await larder('status', '--json')).out), { parents })
  })
})

describe('larder purge', () => {
  test('says for each URL whether anything was stored', async (context) => {
    const { larder } = await stage(context)
    const { code, out } = await larder('purge', 'http://a.test/known', 'http://a.test/other')
    assert.equal(code, 0)
    assert.equal(out, 'purged  http://a.test/known\nnot stored  http://a.test/other\n')
  })
})

describe('larder fetch', () => {
  test('tells status, size and how it was served, and writes no file unless told to', async (context) => {
    const { larder } = await stage(context)
    const { code, err } = await larder('fetch', 'http://a.test/f')
    assert.equal(code, 0)
    assert.equal(err, '200  97.7 KiB  larder; hit  http://a.test/f\n')
  })

  test('writes a file whose content has the digest', async (context) => {
    const { larder, home } = await stage(context)
    const file = join(home, 'f')
    const { code } = await larder('fetch', '-o', file, '--checksum', `sha256:${sha256}`, 'http://a.test/f')
    assert.equal(code, 0)
    assert.equal(readFileSync(file, 'utf8'), content)
  })

  test('writes to standard output for -', async (context) => {
    const { larder } = await stage(context)
    assert.equal((await larder('fetch', '-o', '-', 'http://a.test/f')).out, content)
  })

  const wrong: readonly [string, string[], number, RegExp][] = [
    ['a wrong digest', ['--checksum', `sha256:${'0'.repeat(64)}`, 'http://a.test/f'], 1, new RegExp(sha256)],
    ['content that breaks off', ['http://a.test/cut'], 1, /broke off|aborted/],
    ['what the origin does not have', ['http://a.test/gone'], 1, /status 404/],
    ['what may work later', ['http://a.test/busy'], 75, /status 503 \(larder; details=ORIGIN_BUSY\)/],
  ]
  for (const [name, words, expected, says] of wrong) {
    test(`fails with ${expected} for ${name}, and leaves no file`, async (context) => {
      const { larder, home } = await stage(context)
      const file = join(home, 'f')
      const { code, err } = await larder('fetch', '-o', file, ...words)
      assert.equal(code, expected)
      assert.match(err, says)
      assert.equal(existsSync(file), false)
    })
  }

  test('prints what became of each URL as JSON', async (context) => {
    const { larder } = await stage(context)
    const { code, out } = await larder('fetch', '--json', 'http://a.test/f', 'http://a.test/gone')
    assert.equal(code, 1)
    assert.deepEqual(
      JSON.parse(out).map(({ status, bytes }: { status: number; bytes: number }) => [status, bytes]),
      [
        [200, 100_000],
        [404, 4],
      ],
    )
  })
})

describe('larder env', () => {
  test('prints assignments for the shell, naming IPv4 first and files that all can read', async (context) => {
    const { larder, home } = await stage(context)
    const { out } = await larder('env')
    assert.match(out, /^export https_proxy='http:\/\/127\.0\.0\.1:7'$/m)
    const extra = /^export NODE_EXTRA_CA_CERTS='(.*)'$/m.exec(out)![1]!
    assert.equal(readFileSync(extra, 'utf8'), caPem)
    assert.equal(statSync(extra).mode & 0o777, 0o644)
    assert.ok(extra.startsWith(home))
  })

  test('writes as fish, PowerShell, JSON and docker build want it', async (context) => {
    const { larder } = await stage(context)
    assert.match((await larder('env', '--shell', 'fish')).out, /^set -gx http_proxy 'http:/m)
    assert.match((await larder('env', '--shell', 'powershell')).out, /^\$env:http_proxy = 'http:/m)
    assert.equal(JSON.parse((await larder('env', '--shell', 'json')).out).http_proxy, 'http://127.0.0.1:7')
    const docker = (await larder('env', '--shell', 'docker')).out
    assert.match(
      docker,
      /^--network=host .*--build-arg https_proxy=http:\/\/127\.0\.0\.1:7 .*--secret id=ca,src=\S+\n$/,
    )
  })

  test('speaks of the proxy alone when the daemon has no CA', async (context) => {
    const { larder } = await stage(context, { caPem: undefined })
    const { out, err } = await larder('env')
    assert.match(err, /no CA/)
    assert.match(out, /http_proxy/)
    assert.doesNotMatch(out, /SSL_CERT_FILE/)
  })
})
