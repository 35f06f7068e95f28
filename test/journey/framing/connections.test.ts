import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { startLarder } from '../../support/larder.ts'
import { ask } from '../../support/proxy-client.ts'
import { askOnce, lastOf, stageFor, text, whole } from './every-face.ts'
import type { Face } from './faces.ts'
import type { Answer } from './raw-origin.ts'
import { fieldOf } from './responses.ts'

/** Paths of one face's own, as all faces share what is stored for an origin. */
const own = (face: Face, path: string): string => `${path}?${face.name.replaceAll(' ', '-')}`

/** Answers that wait until `release` is called with the target. */
const held = new Map<string, () => void>()
const arrived = new Map<string, () => void>()
const slow: Answer = (request, socket) => {
  held.set(request.target, () => socket.write(whole(request.target)))
  arrived.get(request.target)?.()
}

const onEveryFace = stageFor({
  '/slow': slow,
  '/early': (_request, socket) => void socket.write(whole('early')),
})

/** Resolves when a request for `target`, which is answered slowly, is with the origin. */
function atOrigin(target: string): Promise<void> {
  if (held.has(target)) return Promise.resolve()
  return new Promise((resolve) => arrived.set(target, resolve))
}

onEveryFace('a hit that is pipelined behind a slow miss waits for its turn (RFC 9112 section 9.3.2)', async (face) => {
  const [hit, miss] = [own(face, '/hit'), own(face, '/slow')]
  await askOnce(face, 'GET', hit)
  for (const pieces of ['one piece', 'two pieces']) {
    const target = `${miss}-${pieces.replace(' ', '-')}`
    const talk = await face.open()
    if (pieces === 'one piece') talk.write(text(face, 'GET', target) + text(face, 'GET', hit))
    else talk.write(text(face, 'GET', target))
    await atOrigin(target)
    if (pieces === 'two pieces') talk.write(text(face, 'GET', hit))
    // Another client's hit shows that the daemon had time to answer the first one's.
    assert.match(fieldOf(await askOnce(face, 'GET', hit), 'cache-status') ?? '', /hit/)
    held.get(target)!()
    const answers = await talk.responses(2)
    assert.deepEqual(
      answers.map(({ body }) => body),
      [target, hit],
    )
    talk.socket.destroy()
  }
})

onEveryFace(
  'safe requests that are pipelined are asked of the origin side by side, and answered in order',
  async (face) => {
    const targets = [1, 2, 3].map((n) => `${own(face, '/slow')}-side-${n}`)
    const talk = await face.open()
    talk.write(targets.map((target) => text(face, 'GET', target)).join(''))
    await Promise.all(targets.map(atOrigin))
    for (const target of [...targets].reverse()) held.get(target)!()
    assert.deepEqual(
      (await talk.responses(3)).map(({ body }) => body),
      targets,
    )
    talk.socket.destroy()
  },
)

onEveryFace(
  'an unsafe request that is pipelined is asked when those before it are answered (RFC 9112 section 9.3.2)',
  async (face) => {
    const [first, second, third] = [`${own(face, '/slow')}-unsafe`, own(face, '/post'), own(face, '/behind-post')]
    const talk = await face.open()
    talk.write(
      text(face, 'GET', first!) + text(face, 'POST', second!, ['Content-Length: 2'], 'ab') + text(face, 'GET', third!),
    )
    await atOrigin(first!)
    await askOnce(face, 'GET', own(face, '/meanwhile'))
    const before = face.origin.requests.map(({ target }) => target)
    assert.ok(!before.includes(second!) && !before.includes(third!))
    held.get(first!)!()
    assert.deepEqual(
      (await talk.responses(3)).map(({ body }) => body),
      [first, second, third],
    )
    const order = face.origin.requests.map(({ target }) => target)
    assert.ok(order.indexOf(second!) < order.indexOf(third!))
    talk.socket.destroy()
  },
)

for (const [title, refusal] of [
  ['of the fast lane', (face: Face) => text(face, 'GET', '/x').replace(`Host: ${face.host}`, 'Host: a@b')],
  ['of the full parser', (face: Face) => text(face, 'GET', '/x', ['Connection: host'])],
] as const) {
  onEveryFace(
    `nothing is read on a connection after an error answer ${title}, in whatever pieces it comes`,
    async (face) => {
      const hidden = own(face, '/hidden')
      for (const pieces of ['one', 'two', 'three']) {
        const talk = await face.open()
        const behind = text(face, 'GET', hidden)
        talk.write(refusal(face) + (pieces === 'one' ? behind : ''))
        const [answer] = await talk.responses(1)
        assert.deepEqual([answer!.status, fieldOf(answer!, 'connection')], [400, 'close'])
        if (pieces !== 'one') talk.write(behind)
        if (pieces === 'three') talk.write(text(face, 'POST', hidden, ['Content-Length: 0']))
        assert.equal((await talk.closed()).split(/HTTP\/1\.1 \d/).length, 2)
      }
      assert.ok(!face.origin.requests.some(({ target }) => target === hidden))
    },
  )
}

onEveryFace('a client that ends its side gets its answer, and the connection ends', async (face) => {
  const talk = await face.open()
  const target = `${own(face, '/slow')}-half`
  talk.write(text(face, 'GET', target))
  await atOrigin(target)
  talk.socket.end()
  await askOnce(face, 'GET', own(face, '/meanwhile'))
  held.get(target)!()
  assert.equal((await lastOf(talk)).body, target)
})

onEveryFace('more than 100 unanswered requests on one connection are not read', async (face) => {
  const first = `${own(face, '/slow')}-flood`
  const talk = await face.open()
  talk.write(text(face, 'GET', first))
  await atOrigin(first)
  const many = Array.from({ length: 150 }, (_, i) => text(face, 'GET', own(face, `/flood/${i}`)))
  talk.write(text(face, 'DELETE', own(face, '/flood/begin')) + many.join(''))
  held.get(first)!()
  const seen = await talk.closed()
  const answered = seen.split('HTTP/1.1 200 ').length - 1
  assert.ok(answered >= 100 && answered <= 110, `${answered} answered`)
})

onEveryFace(
  'a connection to the origin on which content was sent serves nobody else (CORRECTNESS T15)',
  async (face) => {
    await askOnce(face, 'POST', own(face, '/body'), ['Content-Length: 2'], 'ab')
    await askOnce(face, 'DELETE', own(face, '/next'))
    const [post, next] = face.origin.requests.slice(-2)
    assert.deepEqual([post!.body, next!.method], ['ab', 'DELETE'])
    assert.notEqual(post!.connection, next!.connection)
  },
)

test('an answer that comes before the content was sent ends the connection to the origin (CORRECTNESS T16)', {
  timeout: 120_000,
}, async () => {
  const connections: string[] = []
  const server = createServer((socket) => {
    const index = connections.push('') - 1
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const begins = connections[index] === ''
      connections[index] += bytes.toString('latin1')
      if (begins) socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const larder = await startLarder()
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = connect(larder.port, '127.0.0.1')
  client.write(`POST http://${host}/a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 90\r\n\r\nbegin`)
  const [answer] = await once(client, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 403 /)
  assert.equal((await ask(larder.port, `http://${host}/b`, { method: 'DELETE' })).status, 403)
  assert.deepEqual(
    connections.map((text) => text.split(' ')[1]),
    ['/a', '/b'],
  )
  client.destroy()
  await larder.stop()
  await new Promise((resolve) => server.close(resolve))
})
