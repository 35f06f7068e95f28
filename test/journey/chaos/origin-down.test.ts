import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ChaosOrigin, contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { type CommandEnd, command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { homeOf, runProgram } from '../../support/program.ts'

/** What is asked for while the origin works, what its origin says of it, and what becomes of it when the origin is down. */
const stored: readonly (readonly [title: string, path: string, fields: string, outcome: RegExp])[] = [
  ['fresh', '/fresh', 'Cache-Control: max-age=3600\r\n', /larder; hit; ttl=\d+/],
  ['of class immutable', '/left-pad/-/left-pad-1.3.0.tgz', '', /larder; hit; ttl=\d+/],
  [
    'stale, of class revalidate',
    '/debian/dists/stable/InRelease',
    'Cache-Control: max-age=0\r\n',
    /larder; fwd=stale; detail=ORIGIN_C/,
  ],
  ['stale, of no class', '/stale', 'Cache-Control: max-age=0\r\n', /larder; fwd=stale; detail=ORIGIN_C/],
]
const forbidding = '/never-stale'
const retryAttempts = 2

let origin: ChaosOrigin
let larder: TestLarder

before(async () => {
  const fields = new Map(stored.map(([, path, said]) => [path, said]))
  fields.set(forbidding, 'Cache-Control: max-age=0, must-revalidate\r\n')
  origin = await startChaosOrigin(() => undefined, { fields: (path) => fields.get(path) ?? '' })
  larder = await startLarder({ retryAttempts, retryBudget: 0.5 })
  for (const path of fields.keys()) assert.equal((await curl(path, '--fail')).code, 0)
  await larder.exchanges(forbidding, 1)
  await origin.goDown()
})

after(async () => {
  await larder.stop()
  await origin.stop()
})

function curl(path: string, ...args: readonly string[]): Promise<CommandEnd> {
  const through = ['--proxy', `http://127.0.0.1:${larder.port}`, '--noproxy', '', '--max-time', '50']
  return command('curl', ['-q', '-sS', ...through, ...args, origin.url + path], { env: { PATH: process.env.PATH } })
}

/** Attempts of Larder at the origin so far. */
function attemptCount(): number {
  return larder.events.filter(({ kind }) => kind === 'origin-attempt').length
}

describe('While an origin is down', () => {
  for (const [title, path, , outcome] of stored) {
    test(`what is stored is served: ${title}`, async () => {
      const { code, stdout } = await curl(path, '--include')
      assert.equal(code, 0)
      const [head, content] = headAndContent(stdout)
      assert.match(head, /^HTTP\/1\.1 200 /)
      assert.match(head, new RegExp(`^Cache-Status: ${outcome.source}`, 'm'))
      assert.ok(content.equals(contentOf(path)))
    })
  }

  for (const [title, path] of [
    ['was never asked for', '/absent'],
    ['may not be served stale', forbidding],
  ] as const) {
    test(`what ${title} fails within its attempts, and says why`, async () => {
      const before = attemptCount()
      const { code, stdout } = await curl(path, '--include')
      assert.equal(code, 0)
      const [head, content] = headAndContent(stdout)
      assert.match(head, /^HTTP\/1\.1 502 /)
      assert.match(head, /^Proxy-Status: larder; error=connection_refused; details=ORIGIN_CONNECT_REFUSED\r$/m)
      assert.match(content.toString(), /^ORIGIN_CONNECT_REFUSED: The origin refused the connection\.\n.*ECONNREFUSED/)
      assert.equal(attemptCount() - before, retryAttempts)
      assert.equal((await curl(path, '--fail')).code, 22)
    })
  }

  test('it is left alone after some failures; what is stored is served at once, and what is not fails at once', async () => {
    while (!larder.events.some(({ kind }) => kind === 'circuit-opened')) await curl('/absent')
    const answers = await Promise.all(['/a', '/b', '/c', '/d', '/e'].map((path) => curl(path, '--include')))
    const heads = answers.map(({ stdout }) => headAndContent(stdout)[0])
    // One of them may be the probe of this second.
    const alone = heads.find((head) => head.includes('details=ORIGIN_CIRCUIT_OPEN'))
    assert.match(alone ?? heads.join('\n'), /^HTTP\/1\.1 503 /)
    assert.match(alone!, /^Proxy-Status: larder; error=destination_unavailable; details=ORIGIN_CIRCUIT_OPEN\r$/m)
    assert.match(alone!, /^Retry-After: \d+\r$/m)
    const { code, stdout } = await curl('/stale', '--fail')
    assert.ok(code === 0 && Buffer.from(stdout, 'latin1').equals(contentOf('/stale')))
  })

  test('larder status says so', async (t) => {
    const admin = larder.settings.admin
    assert.ok('path' in admin)
    const { out, code } = await runProgram(['status', '--admin', `unix:${admin.path}`], homeOf(t))
    assert.equal(code, 0)
    const line = out.split('\n').find((one) => one.startsWith('originsInTrouble'))
    assert.match(
      line ?? out,
      /http:\/\/127\.0\.0\.1:\d+: circuit (?:half-)?open since \S+ \(\d+ s\), .*failures in a row: \d+/,
    )
    assert.match(line!, /last \d+ s ago: ORIGIN_CONNECT_REFUSED \(.*ECONNREFUSED/)
  })

  test('and it comes back, a client that keeps asking gets an answer', async () => {
    await origin.comeBack()
    const deadline = AbortSignal.timeout(60_000)
    let last = await curl('/absent', '--fail')
    while (last.code !== 0 && !deadline.aborted) last = await curl('/absent', '--fail')
    assert.ok(Buffer.from(last.stdout, 'latin1').equals(contentOf('/absent')))
    assert.match((await curl(forbidding, '--include')).stdout, /^Cache-Status: larder; fwd=stale; fwd-status=304/m)
  })
})

function headAndContent(text: string): readonly [string, Buffer] {
  const end = text.indexOf('\r\n\r\n') + 4
  return [text.slice(0, end), Buffer.from(text.slice(end), 'latin1')]
}
