import assert from 'node:assert/strict'
import { connect as netConnect, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { type Script, startFaultOrigin, withChunks, withLength } from '../../fakes/fault-origin.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'

/** All that the connection says until it closes, and whether it closed with an error. */
async function conversation(socket: Socket, request: string): Promise<readonly [string, string]> {
  let text = ''
  let trouble = ''
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  socket.on('error', (error) => (trouble = (error as NodeJS.ErrnoException).code ?? error.message))
  socket.write(request)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return [text, trouble]
}

const getting = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test('it says what the script says, then closes or resets', async (t) => {
  const script: Script = (path) => [{ send: withLength('hello', 9) }, { close: path === '/reset' ? 'reset' : 'fin' }]
  const origin = await startFaultOrigin(script)
  t.after(() => origin.stop())
  const ask = (path: string) => conversation(netConnect(origin.port, '127.0.0.1'), getting(path))
  assert.deepEqual(await ask('/fin'), ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', ''])
  assert.equal((await ask('/reset'))[1], 'ECONNRESET')
  assert.deepEqual([origin.count('/fin'), origin.count('/reset'), origin.count('/none')], [1, 1, 0])
  assert.equal(origin.acceptedCount, 2)
})

test('it waits until it is released, for each path by itself', async (t) => {
  const origin = await startFaultOrigin((path) => [{ wait: true }, { send: path }, { close: 'fin' }])
  t.after(() => origin.stop())
  const first = conversation(netConnect(origin.port, '127.0.0.1'), getting('/one'))
  const second = conversation(netConnect(origin.port, '127.0.0.1'), getting('/two'))
  origin.release('/two')
  assert.deepEqual(await second, ['/two', ''])
  origin.release('/one')
  assert.deepEqual(await first, ['/one', ''])
})

test('it tells requests on one connection apart, content included', async (t) => {
  const origin = await startFaultOrigin((path) => (path === '/last' ? [{ close: 'fin' }] : [{ send: '.' }]))
  t.after(() => origin.stop())
  const declared = 'PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello'
  const chunked = 'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  const socket = netConnect(origin.port, '127.0.0.1')
  assert.deepEqual(await conversation(socket, declared + chunked + getting('/last')), ['..', ''])
  assert.deepEqual(origin.requests, [declared, chunked, getting('/last')])
})

test('it speaks TLS with a certificate of a throw-away CA', async (t) => {
  const ca = createThrowAwayCa()
  t.after(() => ca.remove())
  const origin = await startFaultOrigin(() => [{ send: 'x' }, { close: 'fin' }], ca.issue('DNS:origin.test'))
  t.after(() => origin.stop())
  const trust = { port: origin.port, host: '127.0.0.1', servername: 'origin.test' }
  assert.deepEqual(await conversation(tlsConnect({ ...trust, ca: ca.root }), getting('/')), ['x', ''])
  const [, trouble] = await conversation(tlsConnect({ ...trust, ca: [] }), getting('/'))
  assert.notEqual(trouble, '')
})

test('its responses are well-formed unless told otherwise', () => {
  assert.equal(withLength('abc'), 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')
  assert.match(withChunks('abc', 'd'.repeat(17)), /\r\n\r\n3\r\nabc\r\n11\r\nd{17}\r\n0\r\n\r\n$/)
})
