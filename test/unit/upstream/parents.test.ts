import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { type FaultOrigin, startFaultOrigin, withLength } from '../../fakes/fault-origin.ts'
import { type ParentProxy, type ParentProxyOptions, startParentProxy } from '../../fakes/parent-proxy.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { get, refusal, targetOf } from '../../support/origin-fetching.ts'
import { parentAt, type WaysInput, waysThrough } from '../../support/parent-ways.ts'

async function proxy(context: TestContext, options: ParentProxyOptions = {}): Promise<ParentProxy> {
  const started = await startParentProxy(options)
  context.after(() => started.stop())
  return started
}

async function origin(context: TestContext, tls?: { key: string; cert: string }): Promise<FaultOrigin> {
  const started = await startFaultOrigin(() => [{ send: withLength('content') }], tls)
  context.after(() => started.stop())
  return started
}

function ways(context: TestContext, input: WaysInput): ReturnType<typeof waysThrough> {
  const made = waysThrough(input)
  context.after(() => made.fetcher.close())
  return made
}

function authority(context: TestContext): ReturnType<typeof createThrowAwayCa> {
  const ca = createThrowAwayCa()
  context.after(() => ca.remove())
  return ca
}

function credentialsFile(context: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-parents-'))
  context.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'netrc'), text, { mode: 0o600 })
  return join(folder, 'netrc')
}

describe('Through a parent', () => {
  test('an http origin is asked by its whole URL, on a connection that is kept (RFC 9112 section 3.2.2)', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port)] } })
    const target = targetOf('http', server.port, '/a?b', 'origin.test')
    for (let i = 0; i < 3; i++) assert.equal((await get(fetcher, target)).content.toString(), 'content')
    assert.deepEqual(
      parent.requests.map(({ method, target: asked, headers }) => [method, asked, headers.host]),
      Array(3).fill(['GET', target.href, target.authority]),
    )
    assert.equal(parent.acceptedCount, 1)
    assert.match(server.requests[0]!, /^GET \/a\?b /)
  })

  test('an https origin is asked in a tunnel, and verified as ever', async (context) => {
    const ca = authority(context)
    const [parent, server] = [await proxy(context), await origin(context, ca.issue('DNS:origin.test'))]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port)] }, roots: [ca.root] })
    assert.equal((await get(fetcher, targetOf('https', server.port, '/', 'origin.test'))).content.toString(), 'content')
    const fault = await refusal(get(fetcher, targetOf('https', server.port, '/', 'other.test')))
    assert.equal(fault.code, 'ORIGIN_TLS_CERTIFICATE')
    assert.equal(fault.nextHop, `127.0.0.1:${parent.port}`)
    assert.deepEqual(
      parent.requests.map(({ method, target }) => [method, target]),
      ['origin', 'other'].map((name) => ['CONNECT', `${name}.test:${server.port}`]),
    )
  })

  test('credentials come from the file, and go to the parent alone', async (context) => {
    const ca = authority(context)
    const parent = await proxy(context, { credentials: 'ann:ge:heim ö', tls: ca.issue('DNS:proxy.test') })
    const plain = await origin(context)
    const secure = await origin(context, ca.issue('DNS:origin.test'))
    const file = credentialsFile(context, `machine proxy.test:${parent.port} login ann password "ge:heim ö"`)
    const settings = { parents: [parentAt(parent.port, true)], parentCredentialFiles: [file] }
    const { fetcher, dialer } = ways(context, { settings, roots: [ca.root] })
    await get(fetcher, targetOf('http', plain.port, '/'))
    await get(fetcher, targetOf('https', secure.port, '/', 'origin.test'))
    const connection = await dialer.dial({ host: 'origin.test', port: plain.port, tls: false })
    connection.write('GET /raw HTTP/1.1\r\n\r\n')
    await once(connection, 'data')
    connection.destroy()
    assert.equal(parent.requests.length, 3)
    const heads = [...plain.requests, ...secure.requests]
    assert.equal(heads.length, 3)
    for (const head of heads) assert.doesNotMatch(head, /proxy-authorization|Basic/i)
  })

  test('an ftp URL is asked for as it is, but with no login and no TLS', async (context) => {
    const parent = await proxy(context, { ftp: (target, response) => response.end(`listing of ${target}`) })
    const settings = { parents: [parentAt(parent.port)] }
    const { fetcher } = ways(context, { settings })
    const target = targetOf('ftp', 21, '/pub/', 'ftp.test')
    assert.equal((await get(fetcher, target)).content.toString(), `listing of ${target.href}`)
    assert.equal((await refusal(get(fetcher, target, { method: 'PUT' }))).code, 'CLIENT_URL_DENIED')
    const withLogin = ways(context, { settings, ftpAccess: () => ({ user: 'ann', password: 'x', tls: 'none' }) })
    assert.equal((await refusal(get(withLogin.fetcher, target))).code, 'ORIGIN_PARENT_REFUSED')
    assert.equal(parent.requests.length, 1)
  })

  test('OPTIONS * becomes a URL without a path (RFC 9112 section 3.2.4)', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port)] } })
    await get(fetcher, targetOf('http', server.port, '*'), { method: 'OPTIONS' })
    assert.equal(parent.requests[0]?.target, `http://127.0.0.1:${server.port}`)
  })

  test('addresses and localhost are put to the rules for origins; the address of the parent is not (CORRECTNESS T19)', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    const guard = (address: string): Fault => new Fault('ORIGIN_ADDRESS_PROHIBITED', `${address} is barred`)
    const { fetcher, dialer } = ways(context, { settings: { parents: [parentAt(parent.port)] }, guard })
    for (const host of ['127.0.0.1', '::1', 'localhost', 'a.localhost']) {
      const code = 'ORIGIN_ADDRESS_PROHIBITED'
      assert.equal((await refusal(get(fetcher, targetOf('http', server.port, '/', host)))).code, code)
      assert.equal((await refusal(dialer.dial({ host, port: 443, tls: false }))).code, code)
    }
    assert.equal(parent.requests.length, 0)
    assert.equal((await get(fetcher, targetOf('http', server.port, '/', 'origin.test'))).response.status, 200)
  })

  test('hosts of no-proxy are asked directly', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    const noProxy = ['corp.test', '192.0.2.0/24', '127.0.0.1']
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port)], noProxy } })
    const ask = (host: string) => get(fetcher, targetOf('http', server.port, '/', host))
    for (const host of ['corp.test', 'a.b.corp.test', '127.0.0.1']) await ask(host)
    assert.equal(parent.requests.length, 0)
    for (const host of ['notcorp.test', 'corp.test.other.test']) await ask(host)
    assert.equal(parent.requests.length, 2)
  })
})

describe('When a parent', () => {
  test('refuses connections, the next takes over within the same attempt, and it is set aside', async (context) => {
    const [first, second, server] = [await proxy(context), await proxy(context), await origin(context)]
    const parents = [parentAt(first.port), parentAt(second.port)]
    const clock = new HandClock()
    const made = ways(context, { settings: { parents }, clock })
    const ask = () => get(made.fetcher, targetOf('http', server.port, '/'))
    const states = () => made.parents().map(({ state, score }) => `${state} ${score}`)
    await first.die()
    assert.equal((await ask()).content.toString(), 'content')
    assert.deepEqual(states(), ['set aside 0', 'in use 100'])
    await first.comeBack()
    await ask()
    assert.equal(first.requests.length, 0)
    await clock.pass(1_000)
    await ask()
    assert.equal(first.requests.length, 1)
    assert.deepEqual(states(), ['in use 100', 'in use 100'])
  })

  test('is gone, content of an unsafe request goes through the next one whole', async (context) => {
    const [first, second, server] = [await proxy(context), await proxy(context), await origin(context)]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(first.port), parentAt(second.port)] } })
    await first.die()
    const chunks = (async function* () {
      yield Buffer.from('abc')
    })()
    await get(fetcher, targetOf('http', server.port, '/'), { method: 'POST', body: { sizeBytes: 3, chunks } })
    assert.match(server.requests[0]!, /^POST [\s\S]*abc$/)
  })

  for (const [behaviour, reason] of [
    [407, /wants other credentials/],
    [503, /answered CONNECT origin.test:\d+ with 503/],
    ['blurt', /bytes stand behind its answer to CONNECT/],
  ] as const) {
    test(`answers CONNECT with ${behaviour}, it is no way, for tunnels either (CORRECTNESS T16)`, async (context) => {
      const ca = authority(context)
      const [parent, server] = [await proxy(context), await origin(context, ca.issue('DNS:origin.test'))]
      parent.behave(behaviour)
      const { fetcher, dialer } = ways(context, { settings: { parents: [parentAt(parent.port)] }, roots: [ca.root] })
      for (const failing of [
        get(fetcher, targetOf('https', server.port, '/', 'origin.test')),
        dialer.dial({ host: 'origin.test', port: server.port, tls: false }),
      ]) {
        const fault = await refusal(failing)
        assert.equal(fault.code, 'ORIGIN_PARENT_FAILED')
        assert.match(fault.message, reason)
        assert.equal(fault.nextHop, `127.0.0.1:${parent.port}`)
      }
      assert.deepEqual(server.requests, [])
    })
  }

  test('does not answer CONNECT in time, the next one is asked', async (context) => {
    const ca = authority(context)
    const [first, second] = [await proxy(context), await proxy(context)]
    const server = await origin(context, ca.issue('DNS:origin.test'))
    first.behave('stall')
    const parents = [parentAt(first.port), parentAt(second.port)]
    const { fetcher } = ways(context, { settings: { parents, connectTimeoutMs: 5_000 }, roots: [ca.root] })
    assert.equal((await get(fetcher, targetOf('https', server.port, '/', 'origin.test'))).response.status, 200)
  })

  test('refuses to lead to the origin, no other way is tried', async (context) => {
    const [first, second] = [await proxy(context), await proxy(context)]
    first.behave(403)
    const parents = [parentAt(first.port), parentAt(second.port), 'direct' as const]
    const { fetcher } = ways(context, { settings: { parents } })
    const fault = await refusal(get(fetcher, targetOf('https', 443, '/', 'origin.test')))
    assert.equal(fault.code, 'ORIGIN_PARENT_REFUSED')
    assert.equal(second.requests.length, 0)
  })

  test('answers 407 to an http request, no client is asked for its credentials', async (context) => {
    const [parent, server] = [await proxy(context, { credentials: 'a:b' }), await origin(context)]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port)] } })
    assert.equal((await refusal(get(fetcher, targetOf('http', server.port, '/')))).code, 'ORIGIN_PARENT_FAILED')
    const { fetcher: other } = ways(context, { settings: { parents: [parentAt(parent.port), 'direct'] } })
    assert.equal((await get(other, targetOf('http', server.port, '/'))).response.status, 200)
  })

  test('answers 503 for an http origin, the answer goes on, and the next attempt takes the next way', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    parent.behave(503)
    const made = ways(context, { settings: { parents: [parentAt(parent.port), 'direct'] } })
    const ask = async () => (await get(made.fetcher, targetOf('http', server.port, '/'))).response.status
    assert.deepEqual([await ask(), await ask()], [503, 200])
    assert.equal(parent.requests.length, 1)
    assert.equal(made.parents()[0]!.score, 67)
  })

  test('fails for three origins in a row, it is set aside; for one again and again it is not', async (context) => {
    const [parent, server] = [await proxy(context), await origin(context)]
    parent.behave(502)
    const made = ways(context, { settings: { parents: [parentAt(parent.port)] } })
    const ask = (host: string) => refusal(made.dialer.dial({ host, port: server.port, tls: false }))
    for (let i = 0; i < 5; i++) await ask('a.test')
    assert.equal(made.parents()[0]!.state, 'in use')
    for (const host of ['b.test', 'c.test']) await ask(host)
    assert.equal(made.parents()[0]!.state, 'set aside')
  })

  test('and all others fail, no direct connection is made, and the fault names them all', async (context) => {
    const [first, second, server] = [await proxy(context), await proxy(context), await origin(context)]
    for (const parent of [first, second]) await parent.die()
    const { fetcher } = ways(context, { settings: { parents: [parentAt(first.port), parentAt(second.port)] } })
    const fault = await refusal(get(fetcher, targetOf('http', server.port, '/')))
    assert.equal(fault.code, 'ORIGIN_PARENT_FAILED')
    for (const { port } of [first, second]) assert.ok(fault.message.includes(`parent 127.0.0.1:${port}: `))
    assert.equal(server.acceptedCount, 0)
    // What is set aside is better than nothing.
    await second.comeBack()
    assert.equal((await get(fetcher, targetOf('http', server.port, '/'))).response.status, 200)
  })

  test('has a certificate that is not trusted, it is sent no request', async (context) => {
    const ca = authority(context)
    const [parent, server] = [await proxy(context, { tls: ca.issue('DNS:other.test') }), await origin(context)]
    const { fetcher } = ways(context, { settings: { parents: [parentAt(parent.port, true)] }, roots: [ca.root] })
    const fault = await refusal(get(fetcher, targetOf('http', server.port, '/')))
    assert.equal(fault.code, 'ORIGIN_PARENT_FAILED')
    assert.match(fault.message, /proxy\.test/)
    assert.equal(parent.requests.length, 0)
  })
})
