import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import type { AdminAddress, HostPort } from '../../../src/config/settings.ts'
import type { AdminServices } from '../../../src/server/admin-routes.ts'
import { type AdminServer, startAdminServer } from '../../../src/server/admin-server.ts'
import type { StoredAdmin } from '../../../src/server/admin-stored.ts'
import { foundResponse, storedAdmin } from '../../support/stored-admin.ts'

const changeOf = (url: string): Awaited<ReturnType<StoredAdmin['changeUrl']>> => {
  const wasThere = url === 'http://a.test/known'
  return { wasThere, changed: wasThere ? [foundResponse({ url })] : [] }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

async function call(address: AdminAddress, { method = 'GET', path, headers = {}, body }: Call): Promise<Answer> {
  const where = 'path' in address ? { socketPath: address.path } : { host: address.host, port: address.port }
  const sent = request({ ...where, method, path, headers, agent: false })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, headers: response.headers, body: await text(response) }
}

const json = { 'Content-Type': 'application/json' }

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-admin-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function servicesIn(folder: string, changes: Partial<AdminServices> = {}): AdminServices {
  return {
    verifying: { state: () => ({ isRunning: false }), begin: () => {}, stop: async () => {} },
    live: () => true,
    ready: () => ({ ready: true, reasons: [] }),
    metrics: async () => 'larder_flights 0\n',
    status: () => ({ version: '0' }),
    stats: () => ({ exchanges: 3 }),
    origins: () => ({ origins: [{ origin: 'http://a.test' }] }),
    refusals: () => ({ refusals: [] }),
    alerts: () => ({ open: [], resolved: [], sinks: [] }),
    why: async (question) => ('id' in question && question.id !== 'known' ? undefined : { asked: question }),
    stored: storedAdmin({ changeUrl: async (url) => changeOf(url) }),
    fetch: (url, response) => {
      response.writeHead(203, { 'Cache-Status': 'larder; hit' })
      response.end(`content of ${url}`)
    },
    caPem: '-----BEGIN CERTIFICATE-----\n',
    tokenFile: join(folder, 'data', 'admin.token'),
    ...changes,
  }
}

async function start(
  context: TestContext,
  address: AdminAddress | undefined = undefined,
  changes: Partial<AdminServices> = {},
): Promise<AdminServer & { readonly folder: string }> {
  const folder = folderOf(context)
  const server = await startAdminServer({
    address: address ?? { path: join(folder, 'run', 'admin.sock') },
    services: servicesIn(folder, changes),
  })
  context.after(() => server.close())
  return { ...server, folder }
}

const fault = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code

describe('The admin API', () => {
  const answers: readonly [Call, number, RegExp][] = [
    [{ path: '/livez' }, 200, /^\{"live":true\}\n$/],
    [{ path: '/readyz' }, 200, /"ready":true/],
    [{ path: '/metrics' }, 200, /^larder_flights 0\n$/],
    [{ path: '/v1/status' }, 200, /"version"/],
    [{ path: '/v1/stats' }, 200, /"exchanges":3/],
    [{ path: '/v1/stats?x=1' }, 200, /"exchanges":3/],
    [{ path: '/v1/origins' }, 200, /^\{"origins":\[\{"origin":"http:\/\/a\.test"\}\]\}\n$/],
    [{ path: '/v1/alerts' }, 200, /"open":\[\]/],
    [{ path: '/v1/ca.pem' }, 200, /BEGIN CERTIFICATE/],
    [
      { path: '/v1/why?url=http%3A%2F%2Fa.test%2F%3Fb%26c&header=A%3A%20b&header=C:d' },
      200,
      /^\{"asked":\{"url":"http:\/\/a\.test\/\?b&c","fields":\["A","b","C","d"\]\}\}\n$/,
    ],
    [{ path: '/v1/why?id=known' }, 200, /"id":"known"/],
    [{ path: '/v1/why?id=other' }, 404, /no exchange with this id is remembered.*access log/],
    [{ path: '/v1/why' }, 400, /ask with \?url=/],
    [{ path: '/v1/why?url=x&id=y' }, 400, /ask with \?url=/],
    [{ path: '/v1/why?url=x&header=A%20b:%20c' }, 400, /header is not Name: value/],
    [{ path: '/v1/why?url=x&header=A:b%0D%0AC:d' }, 400, /header is not Name: value/],
    [{ path: '/livez', method: 'HEAD' }, 200, /^$/],
    [{ path: '/' }, 404, /there is no \//],
    [{ path: '/constructor' }, 404, /error/],
    [{ path: '/__proto__' }, 404, /error/],
    [{ path: '/v1/purge' }, 405, /is for POST/],
    [{ path: '/v1/stats', method: 'DELETE' }, 405, /is for GET/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: '{"url":"http://a.test/known"}' }, 200, /"purged":true/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: '{"url":"http://a.test/x"}' }, 200, /"purged":false/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: '{"url":7}' }, 400, /the body must be/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: '{' }, 400, /the body must be/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: 'null' }, 400, /the body must be/],
    [{ path: '/v1/purge', method: 'POST', body: '{"url":"http://a.test/known"}' }, 415, /application\/json/],
    [{ path: '/v1/purge', method: 'POST', headers: json, body: 'x'.repeat(20_000) }, 413, /longer than/],
    [{ path: '/v1/fetch', method: 'POST', headers: json, body: '{"url":"http://a.test/f"}' }, 203, /^content of http:/],
  ]
  for (const [asked, status, body] of answers) {
    test(`answers ${asked.method ?? 'GET'} ${asked.path} ${(asked.body ?? '').slice(0, 40)} with ${status}`, async (context) => {
      const { address } = await start(context)
      const answer = await call(address, asked)
      assert.equal(answer.status, status)
      assert.match(answer.body, body)
      if (status !== 203) assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    })
  }

  test('says 503 and why when it is not ready', async (context) => {
    const { address } = await start(context, undefined, { ready: () => ({ ready: false, reasons: ['STORE_IO: EIO'] }) })
    const { status, body } = await call(address, { path: '/readyz' })
    assert.deepEqual([status, JSON.parse(body)], [503, { ready: false, reasons: ['STORE_IO: EIO'] }])
  })

  test('answers a fault with its status, code and remedy', async (context) => {
    const changeUrl = (): never => {
      throw new Fault('CLIENT_REQUEST_INVALID', 'no URL: x')
    }
    const { address } = await start(context, undefined, { stored: storedAdmin({ changeUrl }) })
    const { status, body } = await call(address, {
      path: '/v1/purge',
      method: 'POST',
      headers: json,
      body: '{"url":"x"}',
    })
    assert.equal(status, 400)
    assert.equal(JSON.parse(body).code, 'CLIENT_REQUEST_INVALID')
  })

  test('has no CA to give when there is none', async (context) => {
    const { address } = await start(context, undefined, { caPem: undefined })
    const { status, body } = await call(address, { path: '/v1/ca.pem' })
    assert.deepEqual([status, JSON.parse(body).code], [404, 'CA_MISSING'])
  })
})

describe('The admin socket', () => {
  test('is 0600 in a folder of 0700, and gone after close', async (context) => {
    const { folder, close } = await start(context)
    const path = join(folder, 'run', 'admin.sock')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o700)
    await close()
    assert.equal(existsSync(path), false)
  })

  test('takes the place of one whose server was killed', async (context) => {
    const folder = folderOf(context)
    const path = join(folder, 'admin.sock')
    const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.send('up'))`
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(existsSync(path), true)
    const server = await startAdminServer({ address: { path }, services: servicesIn(folder) })
    context.after(() => server.close())
    assert.equal((await call({ path }, { path: '/livez' })).status, 200)
  })

  test('is refused while another process serves it, which stays untouched', async (context) => {
    const { address, folder } = await start(context)
    await assert.rejects(startAdminServer({ address, services: servicesIn(folder) }), fault('LISTEN_FAILED'))
    assert.equal((await call(address, { path: '/livez' })).status, 200)
  })

  test('never replaces a file that is no socket', async (context) => {
    const folder = folderOf(context)
    const path = join(folder, 'precious')
    writeFileSync(path, 'words')
    await assert.rejects(startAdminServer({ address: { path }, services: servicesIn(folder) }), fault('LISTEN_FAILED'))
    assert.equal(readFileSync(path, 'utf8'), 'words')
  })

  test('is refused in a folder where others may write', async (context) => {
    const folder = folderOf(context)
    mkdirSync(join(folder, 'open'))
    chmodSync(join(folder, 'open'), 0o777)
    const address = { path: join(folder, 'open', 'admin.sock') }
    await assert.rejects(startAdminServer({ address, services: servicesIn(folder) }), fault('CONFIG_CONFLICT'))
  })
})

describe('The admin port', () => {
  const loopback: AdminAddress = { host: '127.0.0.1', port: 0 }

  async function startPort(context: TestContext): Promise<{ address: HostPort; token: string; tokenFile: string }> {
    const { address, folder } = await start(context, loopback)
    const tokenFile = join(folder, 'data', 'admin.token')
    return { address: address as HostPort, token: readFileSync(tokenFile, 'utf8').trim(), tokenFile }
  }

  test('serves who shows the token of the file, which only we can read', async (context) => {
    const { address, token, tokenFile } = await startPort(context)
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600)
    const headers = { Authorization: `Bearer ${token}` }
    assert.equal((await call(address, { path: '/v1/stats', headers })).status, 200)
    const localhost = { ...headers, Host: `localhost:${address.port}` }
    assert.equal((await call(address, { path: '/v1/stats', headers: localhost })).status, 200)
  })

  test('answers probes without the token, and nothing else', async (context) => {
    const { address } = await startPort(context)
    for (const path of ['/livez', '/readyz']) assert.equal((await call(address, { path })).status, 200)
    for (const path of ['/metrics', '/v1/status', '/v1/ca.pem', '/livez?', '//livez']) {
      assert.equal((await call(address, { path })).status, 401, path)
    }
  })

  const attacks: readonly [string, (token: string, port: number) => OutgoingHttpHeaders, number][] = [
    ['a wrong token', () => ({ Authorization: 'Bearer x' }), 401],
    ['a token of another scheme', (token) => ({ Authorization: `Basic ${token}` }), 401],
    ['a name that was rebound to us', (_, port) => ({ Host: `attacker.test:${port}` }), 403],
    ['our address without the port', () => ({ Host: '127.0.0.1' }), 403],
    ['an octal spelling of our address', (_, port) => ({ Host: `0177.0.0.1:${port}` }), 403],
    ['a name that begins with ours', (_, port) => ({ Host: `localhost.attacker.test:${port}` }), 403],
    ['the address 0.0.0.0', (_, port) => ({ Host: `0.0.0.0:${port}` }), 403],
    ['an Origin', () => ({ Origin: 'https://attacker.test' }), 403],
    ['the Origin null', () => ({ Origin: 'null' }), 403],
    ['a cross-site mark of a browser', () => ({ 'Sec-Fetch-Site': 'cross-site' }), 403],
    ['a same-origin mark of a browser', () => ({ 'Sec-Fetch-Site': 'same-origin' }), 403],
  ]
  for (const [name, headers, status] of attacks) {
    test(`refuses a request with ${name}`, async (context) => {
      const { address, token } = await startPort(context)
      const sent = { Authorization: `Bearer ${token}`, ...headers(token, address.port) }
      const answer = await call(address, { path: '/v1/stats', headers: sent })
      assert.equal(answer.status, status)
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
      const mutation: Call = { method: 'POST', path: '/v1/purge', headers: { ...json, ...sent }, body: '{"url":"x"}' }
      assert.equal((await call(address, mutation)).status, status)
    })
  }

  test('does not let a page preflight its way in', async (context) => {
    const { address, token } = await startPort(context)
    const headers = { Authorization: `Bearer ${token}`, 'Access-Control-Request-Method': 'POST' }
    const answer = await call(address, { method: 'OPTIONS', path: '/v1/purge', headers })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  })

  test('keeps its token over a restart, and refuses one that others can read', async (context) => {
    const folder = folderOf(context)
    const services = servicesIn(folder)
    const first = await startAdminServer({ address: loopback, services })
    await first.close()
    const token = readFileSync(services.tokenFile, 'utf8')
    const second = await startAdminServer({ address: loopback, services })
    await second.close()
    assert.equal(readFileSync(services.tokenFile, 'utf8'), token)
    chmodSync(services.tokenFile, 0o644)
    await assert.rejects(startAdminServer({ address: loopback, services }), fault('CONFIG_CONFLICT'))
  })

  test('is LISTEN_FAILED when it is taken', async (context) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    context.after(() => other.close())
    const address = { host: '127.0.0.1', port: (other.address() as { port: number }).port }
    const services = servicesIn(folderOf(context))
    await assert.rejects(startAdminServer({ address, services }), fault('LISTEN_FAILED'))
  })
})
