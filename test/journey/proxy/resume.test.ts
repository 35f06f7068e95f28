import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Digest, reprDigest } from '../../../src/base/digest.ts'
import { type FaultOrigin, type Step, startFaultOrigin } from '../../fakes/fault-origin.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { ask } from '../../support/proxy-client.ts'

const old = 'aaaabbbbcc'
const other = 'AAAABBBBCC'
const fresh = 'Cache-Control: max-age=600'

/** What the origin says: the head's lines without the framing's, and the content that is sent before the connection ends. */
interface Answer {
  readonly status?: string
  readonly lines: readonly string[]
  /** Content-Length; `undefined`: chunked. */
  readonly length?: number
  readonly content: string
}

function steps({ status = '200 OK', lines, length, content }: Answer): Step[] {
  const framing = length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const head = `HTTP/1.1 ${[status, fresh, ...lines, framing].join('\r\n')}\r\n\r\n`
  const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`
  return [{ send: head + (length === undefined ? chunk : content) }, { close: 'fin' }]
}

const tag = 'ETag: "a"'
/** RFC 9530 section 3. */
const told = `Repr-Digest: sha-512=:AAAA:, ${reprDigest(hash('sha256', old) as Digest)}`
const cutAfter4: Answer = { lines: [tag], length: 10, content: old.slice(0, 4) }
const part = (first: number, last: number, total: number | string, content: string, lines = [tag]): Answer => ({
  status: '206 Partial Content',
  lines: [...lines, `Content-Range: bytes ${first}-${last}/${total}`],
  length: last - first + 1,
  content,
})
const rest = part(4, 9, 10, old.slice(4))
const whole = (content: string, ...lines: string[]): Answer => ({ lines, length: content.length, content })

interface Row {
  readonly title: string
  /** What the origin answers to the first, second … request. */
  readonly answers: readonly Answer[]
  /** The content that the client must get; `undefined`: a visible break. */
  readonly gets: string | undefined
  /** Requests that the origin sees; all answers unless said. */
  readonly asked?: number
}

const rows: readonly Row[] = [
  { title: 'goes on with the part that was missing', answers: [cutAfter4, rest], gets: old },
  {
    title: 'goes on as often as it must',
    answers: [cutAfter4, { ...rest, content: old.slice(4, 6) }, part(6, 9, 10, old.slice(6))],
    gets: old,
  },
  {
    title: 'goes on when it was chunked',
    answers: [{ lines: [tag], content: old.slice(0, 4) }, rest],
    gets: old,
  },
  {
    title: 'passes over what it has when the origin ignores Range but says that nothing changed',
    answers: [cutAfter4, whole(old, tag)],
    gets: old,
  },
  {
    title: 'starts over when nothing had come yet',
    answers: [{ ...cutAfter4, content: '' }, whole(old, tag)],
    gets: old,
  },
  {
    title: 'starts over without a validator when nothing had come yet',
    answers: [{ lines: [], length: 10, content: '' }, whole(old)],
    gets: old,
  },
  { title: 'breaks when the entity tag changed', answers: [cutAfter4, whole(other, 'ETag: "b"')], gets: undefined },
  {
    title: 'breaks when another version comes as a part of the same length',
    answers: [cutAfter4, part(4, 9, 10, other.slice(4), ['ETag: "b"'])],
    gets: undefined,
  },
  {
    title: 'breaks when the part has no entity tag',
    answers: [cutAfter4, part(4, 9, 10, other.slice(4), [])],
    gets: undefined,
  },
  {
    title: 'breaks when the part begins elsewhere',
    answers: [cutAfter4, part(3, 9, 10, old.slice(3))],
    gets: undefined,
  },
  {
    title: 'breaks when the part ends too early',
    answers: [cutAfter4, part(4, 8, 10, old.slice(4, 9))],
    gets: undefined,
  },
  {
    title: 'breaks when the whole has another length',
    answers: [cutAfter4, part(4, 9, 12, old.slice(4))],
    gets: undefined,
  },
  {
    title: 'breaks when the length of the whole is unknown',
    answers: [cutAfter4, part(4, 9, '*', old.slice(4))],
    gets: undefined,
  },
  {
    title: 'breaks when the part is shorter than it says',
    answers: [cutAfter4, { ...rest, length: 5, content: old.slice(4, 9) }],
    gets: undefined,
  },
  {
    title: 'breaks when the part has another content coding',
    answers: [cutAfter4, { ...rest, lines: [...rest.lines, 'Content-Encoding: gzip'] }],
    gets: undefined,
  },
  {
    title: 'breaks when several parts come',
    answers: [cutAfter4, { ...rest, lines: [tag, 'Content-Type: multipart/byteranges; boundary=x'] }],
    gets: undefined,
  },
  {
    title: 'breaks when the range is not satisfiable any more',
    answers: [
      cutAfter4,
      { status: '416 Range Not Satisfiable', lines: ['Content-Range: bytes */3'], length: 0, content: '' },
    ],
    gets: undefined,
  },
  {
    title: 'breaks when it is gone',
    answers: [cutAfter4, { status: '404 Not Found', lines: [], length: 0, content: '' }],
    gets: undefined,
  },
  {
    title: 'breaks with a weak entity tag',
    answers: [{ lines: ['ETag: W/"a"'], length: 10, content: old.slice(0, 4) }],
    gets: undefined,
  },
  {
    title: 'breaks with nothing but a date',
    answers: [
      {
        lines: ['Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT', 'Date: Sat, 01 Jan 2022 00:00:00 GMT'],
        length: 10,
        content: old.slice(0, 4),
      },
    ],
    gets: undefined,
  },
  {
    title: 'goes on without an entity tag when the origin told the digest of the whole',
    answers: [{ lines: [told], length: 10, content: old.slice(0, 4) }, part(4, 9, 10, old.slice(4), [])],
    gets: old,
  },
  {
    title: 'breaks before its end when the digest that was told is not that of the whole',
    answers: [{ lines: [told], length: 10, content: old.slice(0, 4) }, part(4, 9, 10, other.slice(4), [])],
    gets: undefined,
  },
  {
    title: 'breaks when another version answers although nothing had come yet',
    answers: [{ ...cutAfter4, content: '' }, whole(other, 'ETag: "b"')],
    gets: undefined,
  },
  {
    title: 'breaks when all attempts are used up',
    answers: [cutAfter4, { ...rest, content: '' }, { ...rest, content: '' }, { ...rest, content: '' }, rest],
    gets: undefined,
    asked: 4,
  },
]

describe('A transfer that was cut (CORRECTNESS T02)', () => {
  let larder: TestLarder
  let origin: FaultOrigin
  const kinds = ['stored', 'relayed'] as const

  before(async () => {
    larder = await startLarder({ retryAttempts: 4 })
    origin = await startFaultOrigin((path, number) => {
      const [, kind, row] = path.split('/')
      const answer = rows[Number(row)]!.answers[number - 1] ?? whole(other, 'ETag: "later"')
      return steps(kind === 'stored' ? answer : { ...answer, lines: [...answer.lines, 'Set-Cookie: a=b'] })
    })
  })

  after(async () => {
    await larder.stop()
    await origin.stop()
  })

  for (const kind of kinds) {
    for (const [number, { title, answers, gets, asked = answers.length }] of rows.entries()) {
      test(`${title} (${kind})`, async () => {
        const path = `/${kind}/${number}`
        const url = `http://127.0.0.1:${origin.port}${path}`
        const seen = await ask(larder.port, url).catch(() => undefined)
        assert.equal(origin.count(path), asked)
        if (gets !== undefined)
          assert.deepEqual([seen!.status, seen!.complete, seen!.body.toString()], [200, true, gets])
        else assert.notEqual(seen?.status === 200 && seen.complete, true)
        const [event] = await larder.exchanges(path, 1)
        assert.equal(event!.stored === 'yes', gets !== undefined && kind === 'stored')
        const next = await ask(larder.port, url)
        if (gets !== undefined && kind === 'stored') assert.equal(next.body.toString(), gets)
        else assert.equal(origin.count(path) > asked, true)
      })
    }
  }

  test('asks for the rest with Range and If-Range, and for nothing that a client has', async () => {
    const path = '/relayed/0'
    const [again] = origin.requests.filter((text) => text.startsWith(`GET ${path} `) && /\r\nrange:/i.test(text))
    assert.match(again!, /\r\nRange: bytes=4-\r\nIf-Range: "a"\r\n/)
    const conditional = '/relayed/1/again'
    const headers = { 'If-None-Match': '"z"' }
    const seen = await ask(larder.port, `http://127.0.0.1:${origin.port}${conditional}`, { headers })
    assert.equal(seen.body.toString(), old)
    const further = origin.requests.filter((text) => text.startsWith(`GET ${conditional} `) && /\r\nrange:/i.test(text))
    assert.equal(further.length, 2)
    assert.doesNotMatch(further.join(), /if-none-match/i)
  })
})

describe('A part that a client asked for', () => {
  test('goes on within its own bounds', async () => {
    const larder = await startLarder({ retryAttempts: 4, profile: 'standards' })
    const origin = await startFaultOrigin((_, number) =>
      steps(number === 1 ? { ...part(2, 7, 10, old.slice(2, 5)) } : part(5, 7, 10, old.slice(5, 8))),
    )
    const url = `http://127.0.0.1:${origin.port}/part`
    const seen = await ask(larder.port, url, { headers: { Range: 'bytes=2-7' } })
    assert.deepEqual([seen.status, seen.complete, seen.body.toString()], [206, true, old.slice(2, 8)])
    assert.match(origin.requests[1]!, /\r\nRange: bytes=5-7\r\nIf-Range: "a"\r\n/)
    await larder.stop()
    await origin.stop()
  })
})

describe('A transfer that stands still', () => {
  test('is given up after the idle timeout and goes on in another attempt', async () => {
    const larder = await startLarder({ retryAttempts: 2, idleTimeoutMs: 3_000 })
    const origin = await startFaultOrigin((_, number) =>
      number === 1 ? [steps(cutAfter4)[0]!, { wait: true }] : steps(rest),
    )
    const url = `http://127.0.0.1:${origin.port}/stalled`
    const seen = await ask(larder.port, url)
    assert.deepEqual([seen.complete, seen.body.toString()], [true, old])
    origin.release('/stalled')
    await larder.stop()
    await origin.stop()
  })
})
