import assert from 'node:assert/strict'
import { askOnce, lastOf, stageFor, text, whole } from './every-face.ts'
import type { Face } from './faces.ts'
import type { SeenRequest } from './raw-origin.ts'
import { fieldOf } from './responses.ts'

const own = (face: Face, path: string): string => `${path}?${face.name.replaceAll(' ', '-')}`
const lastSeen = (face: Face): SeenRequest => face.origin.requests.at(-1)!
const values = ({ fields }: SeenRequest, name: string): string[] =>
  fields.filter(([known]) => known === name).map(([, value]) => value)

const onEveryFace = stageFor({
  '/refuses': (_request, socket) => void socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
  '/switches': (request, socket) => {
    const asked = request.fields.some(([name]) => name === 'upgrade')
    socket.write(
      asked
        ? 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome'
        : whole('plain'),
    )
  },
})

onEveryFace('content of a declared length keeps it, in a field of our own (RFC 9112 section 6.2)', async (face) => {
  await askOnce(face, 'POST', '/length', ['content-LENGTH: 05'], 'hello')
  assert.deepEqual(values(lastSeen(face), 'content-length'), ['5'])
  assert.equal(lastSeen(face).body, 'hello')
})

onEveryFace('chunked content is chunked anew (RFC 9112 section 7.1)', async (face) => {
  const body = '2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n'
  await askOnce(face, 'PUT', '/chunked', ['Transfer-Encoding: Chunked'], body)
  const seen = lastSeen(face)
  assert.deepEqual(
    [values(seen, 'transfer-encoding'), values(seen, 'content-length'), seen.body],
    [['chunked'], [], 'hello'],
  )
  assert.doesNotMatch(face.origin.log, /;a=b|X-Sum/)
})

onEveryFace(
  'fields that concern one connection go no further, nor do those that Connection names (RFC 9110 section 7.6.1)',
  async (face) => {
    const mine = [
      'TE: trailers',
      'Trailer: X-A',
      'Upgrade: x',
      'Keep-Alive: 5',
      'Proxy-Connection: close',
      'HTTP2-Settings: a',
    ]
    const talk = await face.open()
    talk.write(text(face, 'DELETE', '/fields', [...mine, 'Connection: close, X-Hop, TE', 'X-Hop: 1', 'X-End: 2']))
    await lastOf(talk)
    const names = lastSeen(face).fields.map(([name]) => name)
    assert.deepEqual(
      names.filter((name) => !['host', 'connection', 'via', 'content-length'].includes(name)),
      ['x-end'],
    )
    assert.deepEqual(values(lastSeen(face), 'via'), ['1.1 larder'])
  },
)

onEveryFace(
  '100 is sent when the content is wanted, and Expect goes no further (RFC 9110 section 10.1.1)',
  async (face) => {
    const talk = await face.open()
    talk.write(text(face, 'PUT', '/expects', ['Expect: 100-continue', 'Content-Length: 5']))
    await new Promise<void>((resolve) => talk.socket.once('data', () => resolve()))
    talk.write('hello')
    const answers = await talk.responses(1)
    assert.deepEqual(
      answers.map(({ status }) => status),
      [100, 200],
    )
    assert.deepEqual([lastSeen(face).body, values(lastSeen(face), 'expect')], ['hello', []])
    talk.write(text(face, 'GET', '/after-expects', ['Connection: close']))
    assert.equal((await talk.responses(2)).at(-1)!.status, 200)
  },
)

onEveryFace(
  'a refusal takes the place of 100, and nothing is read behind it (RFC 9110 section 10.1.1)',
  async (face, { larder }) => {
    const talk = await face.open()
    const other = face.name === 'proxy port' ? `http://127.0.0.1:${larder.port}/` : 'http://other.test/'
    const fields = [`Host: ${face.host}`, 'Expect: 100-continue', 'Content-Length: 5']
    talk.write(`PUT ${other} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
    const [answer] = await talk.responses(1)
    assert.ok(answer!.status >= 400)
    assert.equal(fieldOf(answer!, 'connection'), 'close')
    talk.write(text(face, 'GET', '/smuggled'))
    await talk.closed()
    assert.doesNotMatch(face.origin.log, /smuggled/)
  },
)

onEveryFace('HTTP/1.0 knows no 100 (RFC 9110 section 10.1.1)', async (face) => {
  const talk = await face.open()
  const fields = [`Host: ${face.host}`, 'Expect: 100-continue', 'Content-Length: 5']
  talk.write(`PUT ${face.target('/expects-1-0')} HTTP/1.0\r\n${fields.join('\r\n')}\r\n\r\nhello`)
  assert.equal((await lastOf(talk)).status, 200)
  assert.doesNotMatch(await talk.closed(), / 100 /)
})

onEveryFace(
  'TRACE with Max-Forwards: 0 is answered with its own head, secrets left out (RFC 9110 section 9.3.8)',
  async (face) => {
    const before = face.origin.requests.length
    const secrets = ['Authorization: Basic YTpi', 'Cookie: a=b', 'Proxy-Authorization: Basic YTpi']
    const answer = await askOnce(face, 'TRACE', '/trace', ['Max-Forwards: 0', 'X-Shown: 1', ...secrets])
    assert.deepEqual([answer.status, fieldOf(answer, 'content-type')], [200, 'message/http'])
    assert.match(
      answer.body,
      new RegExp(`^TRACE ${face.target('/trace').replaceAll('.', '\\.')} HTTP/1\\.1\\r\\nHost: `),
    )
    assert.match(answer.body, /\r\nX-Shown: 1\r\n/)
    assert.doesNotMatch(answer.body, /YTpi|a=b/)
    assert.equal(face.origin.requests.length, before)
  },
)

onEveryFace(
  'OPTIONS with Max-Forwards: 0 is answered with what the proxy can do (RFC 9110 section 9.3.7)',
  async (face) => {
    const before = face.origin.requests.length
    for (const path of ['/options', '*']) {
      const talk = await face.open()
      const target = path === '*' ? '*' : face.target(path)
      talk.write(`OPTIONS ${target} HTTP/1.1\r\nHost: ${face.host}\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n`)
      const answer = await lastOf(talk)
      assert.deepEqual([answer.status, fieldOf(answer, 'content-length')], [200, '0'])
      assert.match(fieldOf(answer, 'allow') ?? '', /GET, HEAD, OPTIONS/)
    }
    assert.equal(face.origin.requests.length, before)
  },
)

onEveryFace('Max-Forwards is lowered by one on the way (RFC 9110 section 7.6.2)', async (face) => {
  for (const method of ['TRACE', 'OPTIONS']) {
    await askOnce(face, method, '/forwards', ['Max-Forwards: 10'])
    assert.deepEqual([lastSeen(face).method, values(lastSeen(face), 'max-forwards')], [method, ['9']])
    await askOnce(face, method, '/forwards')
    assert.deepEqual([lastSeen(face).method, values(lastSeen(face), 'max-forwards')], [method, []])
  }
  await askOnce(face, 'DELETE', '/forwards', ['Max-Forwards: 0'])
  assert.deepEqual(values(lastSeen(face), 'max-forwards'), ['0'])
})

onEveryFace('Max-Forwards that is no number is refused (RFC 9110 section 7.6.2)', async (face) => {
  const before = face.origin.requests.length
  for (const value of ['-1', 'x', '1, 0', '1.5', '']) {
    assert.equal((await askOnce(face, 'OPTIONS', '/forwards', [`Max-Forwards: ${value}`])).status, 400)
  }
  assert.equal((await askOnce(face, 'TRACE', '/forwards', ['Max-Forwards: 1', 'Max-Forwards: 1'])).status, 400)
  assert.equal(face.origin.requests.length, before)
})

onEveryFace('OPTIONS for a URI without path asks the whole server (RFC 9112 section 3.2.4)', async (face) => {
  for (const [target, expected] of [
    [face.url(''), '*'],
    [face.url('/'), '/'],
    [face.url('?a'), '/?a'],
  ] as const) {
    const talk = await face.open()
    talk.write(`OPTIONS ${target} HTTP/1.1\r\nHost: ${face.host}\r\nMax-Forwards: 5\r\nConnection: close\r\n\r\n`)
    assert.equal((await lastOf(talk)).status, 200)
    const seen = lastSeen(face)
    assert.deepEqual([seen.method, seen.target, values(seen, 'host')], ['OPTIONS', expected, [face.host]])
  }
})

onEveryFace('an upgrade is asked where the client asked, and joins both sides (RFC 9110 section 7.8)', async (face) => {
  const talk = await face.open()
  talk.write(text(face, 'GET', own(face, '/switches'), ['Connection: Upgrade', 'Upgrade: chat']))
  let seen = ''
  await new Promise<void>((resolve) => {
    talk.socket.on('data', (bytes) => {
      seen += bytes.toString('latin1')
      if (seen.endsWith('welcome')) resolve()
    })
  })
  assert.match(seen, /^HTTP\/1\.1 101 /)
  assert.deepEqual(values(lastSeen(face), 'upgrade'), ['chat'])
  talk.socket.destroy()
  assert.equal((await askOnce(face, 'GET', own(face, '/switches'), ['Upgrade: chat'])).body, 'plain')
})

onEveryFace(
  'an upgrade that the origin does not want ends with its answer, and nothing is read behind it',
  async (face) => {
    const talk = await face.open()
    talk.write(text(face, 'GET', '/refuses', ['Connection: Upgrade', 'Upgrade: chat']) + text(face, 'GET', '/hidden'))
    const seen = await talk.closed()
    assert.match(seen, /^HTTP\/1\.1 403 /)
    assert.equal(seen.split(/HTTP\/1\.1 \d/).length, 2)
    assert.doesNotMatch(face.origin.log, /hidden/)
  },
)
