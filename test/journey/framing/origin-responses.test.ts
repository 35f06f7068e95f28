import assert from 'node:assert/strict'
import { askOnce, lastOf, stageFor, text, whole } from './every-face.ts'
import type { Answer } from './raw-origin.ts'
import { fieldOf } from './responses.ts'

const send =
  (bytes: string, then: 'stay' | 'end' = 'stay'): Answer =>
  (_request, socket) => {
    socket.write(bytes, 'latin1')
    if (then === 'end') socket.end()
  }

const fresh = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n'
const chunks = '5\r\nhello\r\n0\r\n\r\n'

/** Responses whose end nobody can know: the RFC's rule, and what the origin says. */
const ambiguous: { readonly [title: string]: readonly [section: string, bytes: string, then?: 'end'] } = {
  'both Content-Length and Transfer-Encoding': [
    '9112 6.3',
    `${fresh}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
  ],
  'Transfer-Encoding before Content-Length': [
    '9112 6.3',
    `${fresh}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunks}`,
  ],
  'two Content-Lengths that differ': ['9112 6.3', `${fresh}Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello`],
  'two Content-Lengths as a list': ['9112 6.3', `${fresh}Content-Length: 5, 3\r\n\r\nhello`],
  'a negative Content-Length': ['9110 8.6', `${fresh}Content-Length: -5\r\n\r\nhello`],
  'a Content-Length with a sign': ['9110 8.6', `${fresh}Content-Length: +5\r\n\r\nhello`],
  'a Content-Length beyond 64 bits': ['9110 8.6', `${fresh}Content-Length: 99999999999999999999\r\n\r\nhello`],
  'a Content-Length that is no number': ['9110 8.6', `${fresh}Content-Length: five\r\n\r\nhello`],
  'gzip, then chunked': ['9112 6.1', `${fresh}Transfer-Encoding: gzip, chunked\r\n\r\n${chunks}`],
  'chunked, then gzip': ['9112 6.3', `${fresh}Transfer-Encoding: chunked, gzip\r\n\r\nhello`, 'end'],
  'chunked twice': ['9112 6.1', `${fresh}Transfer-Encoding: chunked, chunked\r\n\r\n${chunks}`],
  'an unknown transfer coding': ['9112 6.1', `${fresh}Transfer-Encoding: xchunked\r\n\r\nhello`, 'end'],
  'a folded field': ['9112 5.2', `${fresh}X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello`],
  'a space before a colon': ['9112 5.1', `${fresh}Content-Length : 5\r\n\r\nhello`],
  'bare LF for line ends': ['9112 2.2', `${fresh}Content-Length: 5\r\n\r\nhello`.replaceAll('\r\n', '\n')],
  'a NUL in a field': ['9110 5.5', `${fresh}X-A: a\0b\r\nContent-Length: 5\r\n\r\nhello`],
  'HTTP/3.1 in its status line': ['9112 4', 'HTTP/3.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  'a status of two digits': ['9112 4', 'HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello'],
  'another protocol': ['9112 4', 'SSH-2.0-Server\r\n'],
  'a switch of protocols that nobody asked for': [
    '9110 15.2.2',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello',
  ],
}

const pathOf = (title: string): string => `/${title.replace(/\W+/g, '-')}`

/** Content whose end is clear, but which has bytes behind it, or none where none may be. */
const behind = whole('poison')
const onEveryFace = stageFor({
  ...Object.fromEntries(
    Object.entries(ambiguous).map(([title, [, bytes, then]]) => [pathOf(title), send(bytes, then)]),
  ),
  '/excess': send(`${whole('hello')}${behind}`),
  '/excess-chunks': send(`${fresh}Transfer-Encoding: chunked\r\n\r\n${chunks}${behind}`),
  '/head': send(whole('hello')),
  '/204': send('HTTP/1.1 204 No Content\r\n\r\npoison'),
  '/204-length': send('HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison'),
  '/304': (request, socket) => {
    const asked = request.fields.some(([name]) => name === 'if-none-match')
    socket.write(
      asked
        ? `HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n${behind}`
        : whole('hello', 'ETag: "a"', 'Cache-Control: no-cache'),
    )
  },
  '/trailers': send(
    `${fresh}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n`,
  ),
  '/close': send(`${fresh}\r\nhello`, 'end'),
  '/early': send(
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${whole('hello')}`,
  ),
  '/continue': send(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n${whole('HTTP/1.1 100 Continue\r\n\r\n')}`,
  ),
  '/nominated': send(
    whole(
      'hello',
      'Connection: X-Hop, close',
      'X-Hop: 1',
      'Keep-Alive: timeout=9',
      'X-End: 2',
      'Proxy-Authenticate: Basic',
    ),
    'end',
  ),
})

for (const [title, [section]] of Object.entries(ambiguous)) {
  onEveryFace(
    `a response with ${title} is 502 and never stored (RFC ${section.replace(' ', ' section ')})`,
    async (face, { larder }) => {
      const path = `${pathOf(title)}?${face.name.replaceAll(' ', '-')}`
      for (const count of [1, 2]) {
        const answer = await askOnce(face, 'GET', path)
        assert.equal(answer.status, 502)
        assert.match(answer.body, /^ORIGIN_RESPONSE_INVALID: /)
        assert.equal(face.origin.requests.filter(({ target }) => target === path).length, count)
      }
      assert.equal((await askOnce(face, 'GET', `/alive?${larder.port}`)).status, 200)
    },
  )
}

for (const [path, what] of [
  ['/excess', 'a declared length'],
  ['/excess-chunks', 'the last chunk'],
] as const) {
  onEveryFace(
    `bytes behind ${what} are no answer to anybody, and what came before is not stored (RFC 9112 section 6.3)`,
    async (face) => {
      const asked = `${path}?${face.name.replaceAll(' ', '-')}`
      await askBroken(face, asked)
      assert.equal((await askOnce(face, 'GET', '/next')).body, '/next')
      await askBroken(face, asked)
      const sent = face.origin.requests.filter(({ target }) => target === asked)
      assert.equal(sent.length, 2)
      assert.notEqual(sent[0]!.connection, sent[1]!.connection)
    },
  )
}

/** The response must not look complete. */
async function askBroken(face: Parameters<typeof askOnce>[0], path: string): Promise<void> {
  const talk = await face.open()
  talk.write(text(face, 'GET', path, ['Connection: close']))
  const seen = await talk.closed()
  assert.doesNotMatch(seen, /poison/)
  assert.doesNotMatch(seen, /hello(?:\r\n0\r\n|$)/)
}

onEveryFace(
  'content behind the answer to HEAD is dropped together with its connection (RFC 9112 section 6.3)',
  async (face) => {
    const head = await askOnce(face, 'HEAD', `/head?${face.name.replaceAll(' ', '-')}`)
    assert.deepEqual([head.status, head.body], [200, ''])
    const next = await askOnce(face, 'GET', `/after-head?${face.name.replaceAll(' ', '-')}`)
    assert.match(next.body, /^\/after-head/)
    const [first, second] = face.origin.requests.slice(-2)
    assert.notEqual(first!.connection, second!.connection)
  },
)

for (const path of ['/204', '/204-length']) {
  onEveryFace(
    `content behind a 204 (${path}) is dropped together with its connection (RFC 9112 section 6.3)`,
    async (face) => {
      const answer = await askOnce(face, 'DELETE', path)
      assert.deepEqual([answer.status, answer.body], [204, ''])
      assert.equal(fieldOf(answer, 'content-length'), undefined)
      assert.equal((await askOnce(face, 'DELETE', '/next')).body, '/next')
    },
  )
}

onEveryFace('content behind a 304 is dropped together with its connection (RFC 9112 section 6.3)', async (face) => {
  const path = `/304?${face.name.replaceAll(' ', '-')}`
  for (let i = 0; i < 3; i++) assert.equal((await askOnce(face, 'GET', path)).body, 'hello')
  assert.equal((await askOnce(face, 'DELETE', '/next')).body, '/next')
})

onEveryFace('trailers are passed on, but for those that frame or route (RFC 9110 section 6.5.1)', async (face) => {
  const answer = await askOnce(face, 'POST', '/trailers', ['Content-Length: 0'])
  assert.deepEqual([answer.body, answer.trailers], ['hello', 'X-Sum: 1'])
})

onEveryFace(
  'what ends with the connection ends so for the client, and is not stored (CORRECTNESS M11)',
  async (face) => {
    const path = `/close?${face.name.replaceAll(' ', '-')}`
    for (let i = 0; i < 2; i++) {
      const answer = await askOnce(face, 'GET', path)
      assert.deepEqual([answer.status, answer.body, answer.delimited], [200, 'hello', false])
    }
    assert.equal(face.origin.requests.filter(({ target }) => target === path).length, 2)
  },
)

onEveryFace(
  'interim responses go to the client, without what concerns one connection (RFC 9110 section 15.2)',
  async (face) => {
    const talk = await face.open()
    // Without a Connection field, so that the fast lane is passed too.
    talk.write(text(face, 'GET', `/early?lane-${face.name.replaceAll(' ', '-')}`))
    const lane = await talk.responses(1)
    talk.write(text(face, 'POST', '/early', ['Connection: close', 'Content-Length: 0']))
    const full = (await talk.responses(2)).slice(lane.length)
    await talk.closed()
    for (const responses of [lane, full]) {
      assert.deepEqual(
        responses.map(({ status }) => status),
        [103, 102, 200],
      )
      assert.deepEqual(responses[0]!.fields, [['link', '</a>']])
    }
  },
)

onEveryFace(
  'a 100 that nobody asked for says nothing, and content that looks like one is content (RFC 9110 section 15.2)',
  async (face) => {
    const answer = await askOnce(face, 'GET', `/continue?${face.name.replaceAll(' ', '-')}`)
    assert.deepEqual([answer.status, answer.body], [200, 'HTTP/1.1 100 Continue\r\n\r\n'])
  },
)

onEveryFace('a client of HTTP/1.0 gets the final response alone (RFC 9110 section 15.2)', async (face) => {
  const talk = await face.open()
  talk.write(`GET ${face.target(`/early?${face.name.replaceAll(' ', '-')}`)} HTTP/1.0\r\nHost: ${face.host}\r\n\r\n`)
  const last = await lastOf(talk)
  assert.deepEqual([last.status, last.body], [200, 'hello'])
  assert.doesNotMatch(await talk.closed(), /Early/)
})

onEveryFace(
  'fields that Connection names end here, and so do those for one connection (RFC 9110 section 7.6.1)',
  async (face) => {
    const answer = await askOnce(face, 'GET', `/nominated?${face.name.replaceAll(' ', '-')}`)
    assert.equal(fieldOf(answer, 'x-end'), '2')
    for (const name of ['x-hop', 'keep-alive', 'proxy-authenticate'])
      assert.equal(fieldOf(answer, name), undefined, name)
    assert.equal(fieldOf(answer, 'connection'), 'close')
  },
)
