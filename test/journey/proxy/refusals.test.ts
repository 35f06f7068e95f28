import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

let larder: TestLarder
let origin: TestOrigin

before(async () => {
  larder = await startLarder()
  origin = await startOrigin((_request, response) => response.writeHead(200).end('ok'))
})

after(async () => {
  await larder.stop()
  await origin.stop()
})

/** Sends bytes as they are and answers all that came back until the connection closed. */
function raw(text: string, port = larder.port): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let seen = ''
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(seen))
    socket.on('error', reject)
    socket.write(text)
  })
}

const cases: readonly (readonly [name: string, request: (host: string) => string])[] = [
  ['two Host fields', (h) => `GET http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nHost: other.test\r\n\r\n`],
  ['no Host', (h) => `GET http://${h}/a HTTP/1.1\r\n\r\n`],
  ['a Host with userinfo', (h) => `GET http://${h}/a HTTP/1.1\r\nHost: a@${h}\r\n\r\n`],
  ['a fragment in the target', (h) => `GET http://${h}/a#b HTTP/1.1\r\nHost: ${h}\r\n\r\n`],
  [
    'a coding before chunked',
    (h) => `POST http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked in HTTP/1.0',
    (h) => `POST http://${h}/a HTTP/1.0\r\nHost: ${h}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'both length and chunked',
    (h) =>
      `POST http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['GET with content', (h) => `GET http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nContent-Length: 3\r\n\r\nabc`],
  [
    'Connection naming Content-Length',
    (h) => `GET http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nConnection: content-length\r\n\r\n`,
  ],
  [
    'a framing field in disguise',
    (h) => `GET http://${h}/a HTTP/1.1\r\nHost: ${h}\r\nTransfer_Encoding: chunked\r\n\r\n`,
  ],
  ['a URL without host', () => 'GET http:///path HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['CONNECT without port', () => 'CONNECT example.test HTTP/1.1\r\nHost: example.test\r\n\r\n'],
  ['CONNECT with a path', () => 'CONNECT ../../x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
]

for (const [name, request] of cases) {
  test(`${name}: 400, nothing is asked of the origin, the connection closes (CORRECTNESS G1)`, async () => {
    const before = origin.requests.length
    const answer = await raw(request(`127.0.0.1:${origin.port}`))
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /CLIENT_REQUEST_INVALID: /)
    assert.equal(origin.requests.length, before)
  })
}

test('after all this the daemon still serves', async () => {
  assert.equal((await ask(larder.port, `${origin.url}/alive`)).body.toString(), 'ok')
})

test('CONNECT to a port that is not allowed is 403 (RFC 9110 section 9.3.6)', async () => {
  assert.match(await raw('CONNECT example.test:25 HTTP/1.1\r\nHost: example.test:25\r\n\r\n'), /^HTTP\/1\.1 403 /)
})

test('a request for the proxy itself is refused at once, by address and by name (CORRECTNESS M8, T22)', async () => {
  for (const host of ['127.0.0.1', 'localhost', '0x7f.1']) {
    const answer = await ask(larder.port, `http://${host}:${larder.port}/`, {
      headers: { Host: `${host}:${larder.port}` },
    })
    assert.equal(answer.status, 502)
    assert.match(answer.body.toString(), /^CLIENT_LOOP/)
  }
})

test('a request that already passed through this proxy is refused (RFC 9110 section 7.6.3)', async () => {
  const answer = await ask(larder.port, `${origin.url}/loop`, { headers: { Via: '1.1 larder' } })
  assert.match(answer.body.toString(), /^CLIENT_LOOP/)
})

test('a private address is not dialled unless allowed, and the answer says how to allow it (RFC 9209)', async () => {
  const strict = await startLarder({ allowAddresses: [] }, false)
  const answer = await ask(strict.port, `${origin.url}/x`)
  assert.equal(answer.status, 502)
  assert.match(String(answer.headers['proxy-status']), /^larder; error=destination_ip_prohibited/)
  assert.match(answer.body.toString(), /--allow-address/)
  await strict.stop()
})

test('a name that does not resolve is 502 with its reason', async () => {
  const answer = await ask(larder.port, 'http://no-such-name.invalid/')
  assert.equal(answer.status, 502)
  assert.match(answer.body.toString(), /^ORIGIN_DNS_FAILED/)
})

test('the proxy port answers its own help page, CA certificate and PAC file', async () => {
  const get = (path: string): Promise<string> => raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  assert.match(await get('/'), /https_proxy=http:\/\/127\.0\.0\.1:/)
  assert.match(await get('/ca.pem'), /BEGIN CERTIFICATE/)
  assert.match(await get('/proxy.pac'), /FindProxyForURL/)
  assert.match(await get('/other'), /^HTTP\/1\.1 400 /)
})
