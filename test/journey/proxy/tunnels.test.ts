import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'

let larder: TestLarder
let plain: TestOrigin
let secure: TlsOrigin
let caPem: string

before(async () => {
  plain = await startOrigin((_request, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('plain'),
  )
  secure = await startTlsOrigin((request, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end(`secure ${request.url}`),
  )
  larder = await startLarder({ originCaFiles: [secure.caFile], connectPorts: [secure.port, plain.port] })
  caPem = readFileSync(join(larder.settings.caFolder, 'ca.pem'), 'utf8')
})

after(async () => {
  await larder.stop()
  await plain.stop()
  await secure.stop()
})

/** Opens a tunnel and answers the connection after the 200. */
function tunnel(authority: string, port = larder.port): Promise<{ readonly socket: Socket; readonly head: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    socket.once('data', (chunk) => {
      socket.removeAllListeners('error')
      socket.on('error', () => {})
      resolve({ socket, head: chunk.toString('latin1') })
    })
  })
}

function secured(socket: Socket, servername: string | undefined, ca: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = tlsConnect({
      socket,
      ca,
      ...(servername === undefined ? {} : { servername }),
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    tls.once('secureConnect', () => resolve(tls))
    tls.once('error', reject)
  })
}

/** Writes a request with `Connection: close` and answers everything until the end. */
function talk(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    let seen = ''
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
    })
    socket.once('close', () => resolve(seen))
    socket.write(text)
  })
}

const get = (host: string, path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

test('a tunnel is opened in process: our leaf for the CONNECT target, http/1.1, then cached like any other request', async () => {
  const authority = `localhost:${secure.port}`
  for (const expected of [/fwd=uri-miss/, /larder; hit/]) {
    const { socket, head } = await tunnel(authority)
    assert.match(head, /^HTTP\/1\.1 200 /)
    const tls = await secured(socket, 'localhost', caPem)
    assert.equal(tls.alpnProtocol, 'http/1.1')
    const answer = await talk(tls, get(authority, '/twice'))
    assert.match(answer, /secure \/twice/)
    assert.match(answer, expected)
  }
  assert.equal(secure.paths.filter((path) => path === '/twice').length, 1)
})

test('a server name that differs from the CONNECT target ends in a TLS alert (CORRECTNESS T09)', async () => {
  const { socket } = await tunnel(`localhost:${secure.port}`)
  await assert.rejects(secured(socket, 'other.test', caPem), /alert/i)
})

test('a Host inside the tunnel that differs from its target is 421, and no request leaves (CORRECTNESS T09)', async () => {
  const { socket } = await tunnel(`localhost:${secure.port}`)
  const tls = await secured(socket, 'localhost', caPem)
  const answer = await talk(tls, get(`127.0.0.1:${plain.port}`, '/elsewhere'))
  assert.match(answer, /^HTTP\/1\.1 421 /)
  assert.equal(plain.count('/elsewhere'), 0)
})

test('plain HTTP inside a tunnel is the same engine', async () => {
  const authority = `127.0.0.1:${plain.port}`
  for (const expected of [/fwd=uri-miss/, /larder; hit/]) {
    const { socket } = await tunnel(authority)
    assert.match(await talk(socket, get(authority, '/inside')), expected)
  }
  assert.equal(plain.count('/inside'), 1)
})

test('bytes in a tunnel that are neither TLS nor HTTP end it (CORRECTNESS T21)', async () => {
  const { socket } = await tunnel(`127.0.0.1:${plain.port}`)
  assert.equal(await talk(socket, '\x00\x01\x02 what'), '')
})

test('a spliced host keeps its own certificate and is logged as tunnelled', async () => {
  const splicing = await startLarder({ splice: ['localhost'], connectPorts: [secure.port] })
  const { socket } = await tunnel(`localhost:${secure.port}`, splicing.port)
  const tls = await secured(socket, 'localhost', readFileSync(secure.caFile, 'utf8'))
  assert.match(await talk(tls, get(`localhost:${secure.port}`, '/spliced')), /secure \/spliced/)
  const event = await splicing.event((e) => e.kind === 'exchange')
  assert.deepEqual(
    [event.kind === 'exchange' && event.result, event.kind === 'exchange' && event.url],
    ['tunnelled', `localhost:${secure.port}`],
  )
  await splicing.stop()
})

test('without a CA every tunnel is spliced', async () => {
  const bare = await startLarder({ connectPorts: [secure.port] }, false)
  const { socket } = await tunnel(`localhost:${secure.port}`, bare.port)
  const tls = await secured(socket, 'localhost', readFileSync(secure.caFile, 'utf8'))
  assert.match(await talk(tls, get(`localhost:${secure.port}`, '/no-ca')), /secure \/no-ca/)
  await bare.stop()
})

test('an origin certificate that cannot be verified is 502 with its reason, and nothing is stored (CORRECTNESS T24)', async () => {
  const strict = await startLarder({ connectPorts: [secure.port] })
  const { socket } = await tunnel(`localhost:${secure.port}`, strict.port)
  const tls = await secured(socket, 'localhost', readFileSync(join(strict.settings.caFolder, 'ca.pem'), 'utf8'))
  const answer = await talk(tls, get(`localhost:${secure.port}`, '/untrusted'))
  assert.match(answer, /^HTTP\/1\.1 502 /)
  assert.match(answer, /Proxy-Status: larder; error=tls_certificate_error/)
  assert.ok(!secure.paths.includes('/untrusted'))
  await strict.stop()
})

test('an upgrade is passed through to the origin and back (RFC 9110 section 7.8, RFC 6455)', async () => {
  const server = createServer()
  server.on('upgrade', (request, socket: Socket) => {
    const accept = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    )
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = connect(larder.port, '127.0.0.1')
  const seen = await new Promise<string>((resolve) => {
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.endsWith('\r\n\r\n')) client.write('echo me')
      if (text.endsWith('echo me')) resolve(text)
    })
    client.write(
      `GET http://127.0.0.1:${port}/ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
  })
  assert.match(seen, /^HTTP\/1\.1 101 /)
  assert.match(seen, /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
  client.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
