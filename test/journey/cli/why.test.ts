import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Explanation } from '../../../src/pipeline/explanation.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { greetingOf, homeOf, type ProgramResult, runProgram, startProgram } from '../../support/program.ts'
import { ask } from '../../support/proxy-client.ts'

const secret = 'f00dfeedcafe'

interface Stage {
  readonly origin: TestOrigin
  readonly home: string
  get(path: string, headers?: { [name: string]: string }): Promise<number>
  why(...words: string[]): Promise<ProgramResult>
  explained(...words: string[]): Promise<Explanation>
  /** The id of the one exchange with `result` in the access log, for a URL ending in `path`. */
  idOf(path: string, result: string): Promise<string>
}

/** A daemon in a process of its own, and an origin whose answers are known. */
async function stage(context: TestContext, ...words: string[]): Promise<Stage> {
  const origin = await startOrigin((request, response) => {
    const path = request.url!.split('?')[0]!
    if (path === '/secret') response.setHeader('Cache-Control', 'no-store')
    else if (path.endsWith('.tgz')) response.setHeader('Cache-Control', 'max-age=5')
    else if (path === '/stale') response.setHeader('Cache-Control', 'max-age=0').setHeader('ETag', '"1"')
    else response.setHeader('Cache-Control', 'max-age=600').setHeader('Vary', 'Accept')
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end()
    else response.end('content')
  })
  context.after(() => origin.stop())
  const environment: Record<string, string> = { ...homeOf(context), LARDER_ALLOW_ADDRESS: '127.0.0.0/8' }
  const home = environment.HOME!
  const log = join(home, 'access.log')
  const child = startProgram(['serve', '--listen', '127.0.0.1:0', '--access-log', log, ...words], environment)
  const exited = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGTERM')
    await exited
  })
  const { port } = await greetingOf(child)
  const why = (...given: string[]): Promise<ProgramResult> => runProgram(['why', ...given], environment)
  return {
    origin,
    home,
    get: async (path, headers = {}) => (await ask(port, origin.url + path, { headers })).status,
    why,
    explained: async (...given) => {
      const { out, err } = await why('--json', ...given)
      assert.equal(err, '')
      return JSON.parse(out) as Explanation
    },
    idOf: async (path, result) => {
      for (;;) {
        const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
        const found = lines
          .map((line) => JSON.parse(line))
          .find((one) => one.url.endsWith(path) && one.result === result)
        if (found !== undefined) return found.id
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

describe('larder why URL', () => {
  test('says before and after a download what would happen, and asks no origin', async (context) => {
    const { origin, get, why, explained } = await stage(context)
    const url = `${origin.url}/a`
    assert.match((await why(url)).out, /^It would be fetched from the origin: nothing is stored under its key\.\n/)
    assert.deepEqual(origin.requests, [])
    assert.equal(await get('/a', { Accept: 'text/plain' }), 200)
    const { code, out, err } = await why('--header', 'Accept: text/plain', url)
    assert.equal(code, 0)
    assert.equal(err, '')
    assert.match(out, /^It would be served from the store: fresh for another \d+ min(?: \d+ s)? \(by max-age\)\.\n\n/)
    assert.match(out, /^stored +200, 7 B, received \S+, varies by accept, sha256:[0-9a-f]{64}$/m)
    assert.match(out, /^age +[\d.]+ s = [\d.]+ s when it was received \+ [\d.]+ s since$/m)
    assert.match(out, /^lifetime +600 s \(max-age\)$/m)
    assert.match(out, /^lately +\S+ {2}\S+-1 {2}GET 200 miss, stored: yes$/m)
    const other = await why(url)
    assert.match(
      other.out,
      /^It would be fetched from the origin: what is stored is for requests with another accept\./,
    )
    assert.match(other.err, /give the fields of your request with --header/)
    const asked = await explained('--header', 'Accept: text/plain', '--header', 'Cache-Control: max-age=0', url)
    assert.equal(asked.outcome, 'fetch')
    assert.match(asked.verdict, /the request asks for it \(max-age=0\), and nothing can validate it/)
    assert.equal(origin.requests.length, 1)
  })

  test('names the class rule, the deviations and what would be validated', async (context) => {
    const { origin, get, why, explained } = await stage(context)
    await get('/p/-/p-1.0.0.tgz')
    await get('/stale')
    const known = await explained('--header', 'Pragma: no-cache', `${origin.url}/p/-/p-1.0.0.tgz`)
    assert.deepEqual(known.class, { rule: 'npm.tarball', class: 'immutable' })
    assert.deepEqual(
      known.deviations.map(({ name }) => name),
      ['immutable-lifetime', 'immutable-ignores-request'],
    )
    assert.equal(known.freshness?.lifetimeSeconds, 'forever')
    assert.equal(known.freshness?.declaredSeconds, 5)
    const { out } = await why(`${origin.url}/stale`)
    assert.match(
      out,
      /^The origin would be asked whether what is stored still holds: it is stale from the start \(by max-age\)\./,
    )
    const relayed = await explained('--header', 'Cookie: a=b', `${origin.url}/stale`)
    assert.equal(relayed.outcome, 'relay')
    assert.equal(relayed.deviations[0]?.name, 'credentials-pass-by')
  })

  test('names no deviation under the profile standards', async (context) => {
    const { origin, get, explained } = await stage(context, '--profile', 'standards')
    await get('/p/-/p-1.0.0.tgz')
    const { profile, deviations, freshness } = await explained(`${origin.url}/p/-/p-1.0.0.tgz`)
    assert.deepEqual([profile, deviations, freshness?.lifetimeFrom], ['standards', [], 'max-age'])
  })

  test('shows the key before and after, with the line of the configuration that made the difference', async (context) => {
    const folder = homeOf(context).HOME!
    const file = join(folder, 'l.yaml')
    writeFileSync(file, 'rules:\n  - match: 127.0.0.1\n    drop: [utm]\n')
    const { origin, get, why, explained } = await stage(context, '--config', file)
    await get(`/a?v=1&utm=${secret}`)
    const { out } = await why(`${origin.url}/a?v=1&utm=other`)
    assert.match(out, /^It would be served from the store/)
    assert.match(out, /^key before +\S+\/a\?v=…&utm=…$/m)
    assert.match(out, /^key after +\S+\/a\?v=… \(.*l\.yaml:2\)$/m)
    const { key, deviations } = await explained(`${origin.url}/a?v=1&utm=other`)
    assert.equal(key?.rule, `${file}:2`)
    assert.deepEqual(
      deviations.map(({ name }) => name),
      ['user-rules'],
    )
  })
})

describe('larder why ID', () => {
  test('tells why a request was answered as it was, by the id in the access log', async (context) => {
    const { get, why, idOf } = await stage(context)
    await get('/a')
    await get('/a')
    await get('/secret')
    await get('/stale')
    await get('/stale')
    const told = async (path: string, result: string): Promise<string> => (await why(await idOf(path, result))).out
    const miss = await told('/a', 'miss')
    assert.match(miss, /^Fetched from the origin: nothing was stored under the key\. It was stored\.\n/)
    assert.match(miss, /^steps +receive → admit → classify → lookup → fetch → judge → fill → deliver → finish$/m)
    assert.match(miss, /^brought +200, 7 B/m)
    assert.match(
      await told('/a', 'hit'),
      /^Served from the store: fresh for another \d+ min(?: \d+ s)? \(by max-age\)\.\n/,
    )
    assert.match(await told('/secret', 'miss'), /It was not stored: no-store forbids it\.\n/)
    assert.match(
      await told('/stale', 'revalidated'),
      /^The origin confirmed what is stored; it was asked, because it is stale from the start \(by max-age\)\.\n/,
    )
  })

  test('fails for an id that nobody remembers, and for what is no URL', async (context) => {
    const { why } = await stage(context)
    const unknown = await why('a1-7')
    assert.deepEqual([unknown.code, unknown.out], [1, ''])
    assert.match(unknown.err, /^larder: no exchange with this id is remembered\n {2}Ids stand in the access log/)
    const wrong = await why('gopher://a.test/')
    assert.deepEqual([wrong.code, wrong.out], [1, ''])
    assert.match(wrong.err, /scheme is not http, https, ftp or ftps/)
  })
})

describe('Secrets', () => {
  test('in a query, in credentials or in a field of the request stand in no output', async (context) => {
    const { origin, home, get, why, idOf } = await stage(context)
    const path = `/a?X-Amz-Signature=${secret}&${secret}&v=${secret}`
    const headers = { Accept: secret, 'X-Api-Key': secret }
    await get(path, headers)
    await get(path, headers)
    await get(path, { Authorization: `Bearer ${secret}` })
    await get(path, { Accept: '*/*', Host: secret })
    const ids = [await idOf('/a', 'miss'), await idOf('/a', 'hit'), await idOf('/a', 'relayed')]
    const wordLists = [
      ...ids.map((id) => [id]),
      [origin.url + path],
      ['--header', `Accept: ${secret}`, origin.url + path],
      ['--header', `Authorization: Bearer ${secret}`, origin.url + path],
      ['--header', `Via: ${secret}`, origin.url + path],
      [`http://127.0.0.1:25${path}`],
      [`http://user:${secret}@127.0.0.1:9${path}`],
      [`gopher://127.0.0.1${path}`],
    ]
    for (const words of wordLists) {
      for (const form of [[], ['--json']]) {
        const { out, err } = await why(...form, ...words)
        assert.ok(out !== '' || err !== '')
        assert.ok(!(out + err).includes(secret), `${words[0]}: ${out}${err}`)
      }
    }
    assert.ok(!readFileSync(join(home, 'access.log'), 'utf8').includes(`=${secret}`))
  })
})
