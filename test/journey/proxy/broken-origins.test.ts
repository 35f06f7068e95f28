import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type FaultOrigin, type Script, startFaultOrigin, withLength } from '../../fakes/fault-origin.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { ask } from '../../support/proxy-client.ts'

const fresh = 'Cache-Control: max-age=600\r\n'
const chunkedHead = `HTTP/1.1 200 OK\r\n${fresh}Transfer-Encoding: chunked\r\n\r\n`

/** Path -> what the origin does the first time; afterwards it answers well. */
const scripts: { readonly [path: string]: ReturnType<Script> } = {
  '/length-cut': [{ send: `HTTP/1.1 200 OK\r\n${fresh}Content-Length: 1000\r\n\r\nhalf` }, { close: 'fin' }],
  '/length-reset': [{ send: `HTTP/1.1 200 OK\r\n${fresh}Content-Length: 1000\r\n\r\nhalf` }, { close: 'reset' }],
  '/length-over': [{ send: `HTTP/1.1 200 OK\r\n${fresh}Content-Length: 4\r\n\r\nhalf and more` }, { close: 'fin' }],
  '/length-stalled': [{ send: `HTTP/1.1 200 OK\r\n${fresh}Content-Length: 1000\r\n\r\nhalf` }, { wait: true }],
  '/chunk-cut': [{ send: `${chunkedHead}4\r\nhalf\r\n` }, { close: 'fin' }],
  '/chunk-reset': [{ send: `${chunkedHead}4\r\nhalf\r\n` }, { close: 'reset' }],
  '/chunk-bad': [{ send: `${chunkedHead}4\r\nhalf\r\nzz\r\n` }, { close: 'fin' }],
  '/chunk-over': [{ send: `${chunkedHead}4\r\nhalf\r\n0\r\n\r\nmore` }, { close: 'fin' }],
  '/chunk-stalled': [{ send: `${chunkedHead}4\r\nhalf\r\n` }, { wait: true }],
  '/close-reset': [{ send: `HTTP/1.1 200 OK\r\n${fresh}\r\nhalf` }, { close: 'reset' }],
}

let larder: TestLarder
let origin: FaultOrigin

before(async () => {
  larder = await startLarder({ idleTimeoutMs: 3_000 })
  origin = await startFaultOrigin((path, number) =>
    number === 1 && scripts[path] !== undefined
      ? scripts[path]
      : [{ send: withLength('whole').replace('\r\n', `\r\n${fresh}`) }],
  )
})

after(async () => {
  for (const path of Object.keys(scripts)) origin.release(path)
  await larder.stop()
  await origin.stop()
})

for (const path of Object.keys(scripts)) {
  test(`${path.slice(1)}: the client sees a break, nothing is stored, the next request asks the origin again (CORRECTNESS I2)`, async () => {
    const url = `http://127.0.0.1:${origin.port}${path}`
    const broken = await ask(larder.port, url).catch(() => undefined)
    if (broken !== undefined && broken.status === 200) assert.equal(broken.complete, false)
    else if (broken !== undefined) assert.equal(broken.status, 502)
    const [event] = await larder.exchanges(path, 1)
    assert.notEqual(event!.stored, 'yes')
    const next = await ask(larder.port, url)
    assert.equal(next.body.toString(), 'whole')
    assert.match(String(next.headers['cache-status']), /uri-miss/)
  })
}

test('a close-delimited body stays close-delimited and is not stored (CORRECTNESS M16)', async () => {
  const closing = await startFaultOrigin(() => [
    { send: `HTTP/1.1 200 OK\r\n${fresh}\r\nuntil the end` },
    { close: 'fin' },
  ])
  const url = `http://127.0.0.1:${closing.port}/close`
  const seen = await new Promise<string>((resolve) => {
    const socket = connect(larder.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(text))
    socket.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1:${closing.port}\r\n\r\n`)
  })
  assert.doesNotMatch(seen, /transfer-encoding|content-length/i)
  assert.match(seen, /until the end$/)
  await ask(larder.port, url)
  assert.equal(closing.count('/close'), 2)
  assert.equal((await larder.exchanges('/close', 1))[0]!.stored, 'partial')
  await closing.stop()
})
