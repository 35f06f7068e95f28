import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { startLarder } from '../../support/larder.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'
import { startFaceAdapter } from './face-adapter.ts'

/** Sends `bytes` on a connection of its own, and answers all that comes back. */
async function say(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(bytes, 'latin1')
  return text(socket)
}

/** A TLS origin behind a Larder that opens its tunnels, or not; and the adapter before both. */
async function intercepted(context: TestContext, splice: readonly string[]) {
  const origin = await startTlsOrigin((_, response) => response.end('of the origin'))
  context.after(() => origin.stop())
  const larder = await startLarder({ splice, connectPorts: [origin.port], originCaFiles: [origin.caFile] })
  context.after(() => larder.stop())
  const adapter = await startFaceAdapter({
    face: 'intercepted',
    proxyPort: larder.port,
    origin: `localhost:${origin.port}`,
    proxyCa: readFileSync(join(larder.settings.caFolder, 'ca.pem'), 'utf8'),
  })
  context.after(() => adapter.stop())
  const request = `GET /a HTTP/1.1\r\nHost: localhost:${origin.port}\r\nConnection: close\r\n\r\n`
  return { adapter, origin, request }
}

describe('The adapter between the suite and a proxy', () => {
  test('changes nothing but the target of the request line', async (context) => {
    const lastByte = '\xfe'
    const answer = 'HTTP/1.1 200 fine\r\nodd :  field\r\n\r\n\xff\x00'
    const received = Promise.withResolvers<string>()
    const proxy = createServer((socket) => {
      socket.setEncoding('latin1')
      let bytes = ''
      socket.on('data', (chunk: string) => {
        bytes += chunk
        if (!bytes.endsWith(lastByte)) return
        received.resolve(bytes)
        socket.end(answer, 'latin1')
      })
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    context.after(() => proxy.close())
    const { port } = proxy.address() as AddressInfo
    const adapter = await startFaceAdapter({ face: 'plain', proxyPort: port, origin: 'localhost:8000' })
    context.after(() => adapter.stop())

    const socket = connect({ port: adapter.port, host: '127.0.0.1' })
    const got: Buffer[] = []
    socket.on('data', (chunk) => got.push(chunk))
    const rest = ` HTTP/1.1\r\nhOsT: \t x\r\nA: 1\r\na:2\r\n\r\n${lastByte}`
    socket.write(`PUT /a?/b${rest}`, 'latin1')
    await once(socket, 'close')
    assert.equal(await received.promise, `PUT http://localhost:8000/a?/b${rest}`)
    assert.equal(Buffer.concat(got).toString('latin1'), answer)
    assert.deepEqual(adapter.problems, [])
  })

  test('speaks inside a tunnel that the proxy opened', async (context) => {
    const { adapter, origin, request } = await intercepted(context, [])
    assert.match(await say(adapter.port, request), /^HTTP\/1\.1 200 .*\r\nVia: 1\.1 larder\r\n.*of the origin/is)
    assert.deepEqual([origin.paths, adapter.problems], [['/a'], []])
  })

  test('refuses a tunnel that the proxy only passes through', async (context) => {
    const { adapter, origin, request } = await intercepted(context, ['localhost'])
    assert.equal(await say(adapter.port, request), '')
    assert.match(adapter.problems.join(), /^tunnelled instead of intercepted/)
    assert.deepEqual(origin.paths, [])
  })
})
