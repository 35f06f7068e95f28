import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, reprDigest } from '../../../src/base/digest.ts'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import type { RawFields } from '../../../src/http/fields.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'
import { MirrorSets } from '../../../src/upstream/mirror-sets.ts'
import { createMirroringFetcher } from '../../../src/upstream/mirroring-fetcher.ts'
import type {
  OriginFetcher,
  OriginRequest,
  OriginResponse,
  StoredVersion,
} from '../../../src/upstream/origin-fetcher.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'
import { receive } from '../../support/origin-fetching.ts'

type Said =
  | FaultCode
  | {
      readonly status: number
      readonly fields?: RawFields
      readonly sizeBytes?: number
      readonly content?: readonly string[]
    }

const bases = ['http://a.test/debian/', 'http://b.test/deb/', 'http://c.test/']
const blank = { match: undefined, drop: [], keep: undefined, signed: undefined, public: false, fold: [] }

/** Origins that each say one thing, whatever they are asked. */
class Origins implements OriginFetcher {
  readonly #said: Readonly<Record<string, Said>>
  readonly asked: OriginRequest[] = []
  /** Answers that were given up. */
  readonly left: string[] = []

  constructor(said: Readonly<Record<string, Said>>) {
    this.#said = said
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.asked.push(request)
    if (request.attempts !== undefined) request.attempts.count += 1
    const { host, href } = request.target
    const said = this.#said[host]!
    if (typeof said === 'string') throw new Fault(said, href)
    const { status, fields = [], sizeBytes, content } = said
    const head =
      sizeBytes === undefined
        ? ({ fields, framing: 'chunked', declaredBytes: undefined } as const)
        : ({ fields, framing: 'length', declaredBytes: sizeBytes } as const)
    const abort = (): void => void this.left.push(host)
    const flow = new ResponseFlow(status, head, 0, 0, { pause: () => {}, resume: () => {}, abort })
    if (content !== undefined) setImmediate(() => deliver(flow, content))
    return flow
  }

  async close(): Promise<void> {}
}

function deliver(flow: ResponseFlow, content: readonly string[]): void {
  for (const piece of content) flow.take(Buffer.from(piece))
  flow.finish([])
}

function targetOf(href: string): TargetUri {
  const target = parseTargetUri(href)
  assert.ok(!('invalid' in target))
  return target
}

interface Asking {
  readonly href?: string
  readonly alsoMissing?: boolean
  readonly stored?: StoredVersion | undefined
  readonly mayAsk?: (target: TargetUri) => boolean
  readonly more?: Partial<OriginRequest>
}

interface Outcome {
  /** A status, or a fault. */
  readonly word: number | FaultCode
  readonly asked: readonly string[]
  readonly left: readonly string[]
  readonly mirror: string | undefined
  readonly response: OriginResponse | undefined
  readonly requests: readonly OriginRequest[]
}

async function ask(said: Readonly<Record<string, Said>>, asking: Asking = {}): Promise<Outcome> {
  const { href = 'http://a.test/debian/pool/x.deb', alsoMissing = false, stored, mayAsk = () => true, more } = asking
  const origins = new Origins(said)
  const sets = new MirrorSets([{ ...blank, origin: 'f:1', mirrors: { bases, alsoMissing } }])
  const fetcher = createMirroringFetcher(origins, { sets, mayAsk })
  let mirror: string | undefined
  const mirrors = () => ({ stored, onMirror: (authority: string) => void (mirror = authority) })
  const request = { method: 'GET', target: targetOf(href), fields: [], mirrors, ...more }
  let word: number | FaultCode
  let response: OriginResponse | undefined
  try {
    response = await fetcher.fetch(request)
    word = response.status
  } catch (error) {
    assert.ok(error instanceof Fault)
    word = error.code
  }
  const asked = origins.asked.map(({ target }) => target.href)
  return { word, asked, left: origins.left, mirror, response, requests: origins.asked }
}

const good = { status: 200 }
const down = 'ORIGIN_CONNECT_REFUSED'
const atAll = ['http://a.test/debian/pool/x.deb', 'http://b.test/deb/pool/x.deb', 'http://c.test/pool/x.deb']

describe('An origin that has mirrors', () => {
  test('is the only one that is asked while it delivers', async () => {
    const { word, asked, mirror } = await ask({ 'a.test': good })
    assert.deepEqual([word, asked, mirror], [200, atAll.slice(0, 1), undefined])
  })

  for (const failure of [
    down,
    'ORIGIN_DNS_FAILED',
    'ORIGIN_HEAD_TIMEOUT',
    'ORIGIN_CIRCUIT_OPEN',
    'ORIGIN_BUSY',
    'ORIGIN_TLS_CERTIFICATE',
    { status: 500 },
    { status: 503 },
    { status: 429 },
  ] as const) {
    const name = typeof failure === 'string' ? failure : `the status ${failure.status}`
    test(`gives way to the next at ${name}, with the same path below its base URL`, async () => {
      const { word, asked, mirror } = await ask({ 'a.test': failure, 'b.test': good })
      assert.deepEqual([word, asked, mirror], [200, atAll.slice(0, 2), 'b.test'])
    })
  }

  for (const word of [
    403,
    404,
    410,
    301,
    'ORIGIN_ADDRESS_PROHIBITED',
    'CLIENT_LOOP',
    'ORIGIN_FTP_NOT_FOUND',
  ] as const) {
    test(`keeps the last word at ${word}`, async () => {
      const said = typeof word === 'string' ? word : { status: word }
      const outcome = await ask({ 'a.test': said, 'b.test': good })
      assert.deepEqual([outcome.word, outcome.asked.length], [word, 1])
    })
  }

  for (const word of [{ status: 404 }, { status: 410 }, 'ORIGIN_FTP_NOT_FOUND'] as const) {
    test(`gives way at ${typeof word === 'string' ? word : word.status} where its rule says missing`, async () => {
      const { mirror } = await ask({ 'a.test': word, 'b.test': good }, { alsoMissing: true })
      assert.equal(mirror, 'b.test')
    })
  }

  test('may be any of them: the others are tried in the order of the rule', async () => {
    const said = { 'a.test': { status: 502 }, 'b.test': down, 'c.test': good } as const
    const { word, asked, mirror } = await ask(said, { href: 'http://b.test/deb/x' })
    assert.deepEqual(asked, ['http://b.test/deb/x', 'http://a.test/debian/x', 'http://c.test/x'])
    assert.deepEqual([word, mirror], [200, 'c.test'])
  })

  test('answers for itself when no other delivers, and no answer stays open', async () => {
    const said = { 'a.test': { status: 503 }, 'b.test': { status: 500 }, 'c.test': 'ORIGIN_CIRCUIT_OPEN' } as const
    const { word, asked, left, mirror } = await ask(said)
    assert.deepEqual([word, asked, left, mirror], [503, atAll, ['b.test'], undefined])
    assert.equal((await ask({ 'a.test': down, 'b.test': { status: 404 }, 'c.test': { status: 302 } })).word, down)
  })

  test('is given up when another answers', async () => {
    assert.deepEqual((await ask({ 'a.test': { status: 503 }, 'b.test': good })).left, ['a.test'])
  })

  test('is the last that is asked when nobody waits any more', async () => {
    const { asked } = await ask({ 'a.test': down, 'b.test': good }, { more: { isWanted: () => false } })
    assert.equal(asked.length, 1)
  })

  test('has no mirror that a client could not ask', async () => {
    const { asked, mirror } = await ask(
      { 'a.test': down, 'b.test': good, 'c.test': good },
      { mayAsk: ({ host }) => host !== 'b.test' },
    )
    assert.deepEqual([asked, mirror], [[atAll[0], atAll[2]], 'c.test'])
  })

  test('keeps what its mirror says for its own name, and where the client came from, to itself', async () => {
    const fields = ['ETag', '"1"', 'Set-Cookie', 'a=b', 'Strict-Transport-Security', 'max-age=1']
    const more = { fields: ['Referer', 'http://a.test/', 'Accept', '*/*'] }
    const { response, requests } = await ask({ 'a.test': down, 'b.test': { status: 200, fields } }, { more })
    assert.deepEqual(response!.fields, ['ETag', '"1"'])
    assert.deepEqual(requests[1]!.fields, ['Accept', '*/*'])
  })
})

describe('No other origin is asked', () => {
  const cases: readonly (readonly [string, Asking])[] = [
    ['with Authorization (CORRECTNESS T28)', { more: { fields: ['Authorization', 'Basic eDp5'] } }],
    ['with Cookie', { more: { fields: ['Cookie', 'a=b'] } }],
    ['with a token of another name', { more: { fields: ['PRIVATE-TOKEN', 'x'] } }],
    ['for a query, which may hold a token', { href: 'http://a.test/debian/x?token=y' }],
    ['for another method', { more: { method: 'POST' } }],
    ['for what lies beside the base URL', { href: 'http://a.test/debian-security/x' }],
    ['for a path that leads out of the base URL', { href: 'http://a.test/debian/../x' }],
    ['for a path that leads out of it in disguise', { href: 'http://a.test/debian/%2e%2e/x' }],
    ['over another scheme', { href: 'https://a.test/debian/x' }],
    ['on another port', { href: 'http://a.test:8080/debian/x' }],
    ['when what is stored is for other requests', { more: { mirrors: () => undefined } }],
    ['when the content would go past the store', { more: { mirrors: undefined as never } }],
  ]
  for (const [when, asking] of cases) {
    test(when, async () => {
      const { word, asked } = await ask({ 'a.test': down, 'b.test': good, 'c.test': good }, asking)
      assert.deepEqual([word, asked.length], [down, 1])
    })
  }
})

const modified = 'Fri, 02 Jan 2026 03:04:05 GMT'
const digest = digestOf(Buffer.from('12345'))
/** Without a digest, by which any content of the same length could be proven. */
const stored: StoredVersion = { fields: ['ETag', '"1"', 'Last-Modified', modified], sizeBytes: 5, digest: undefined }
const conditional = { fields: ['If-None-Match', '"1"', 'If-Modified-Since', modified] }
const dated = { fields: ['If-Modified-Since', modified] }

describe('Where something is stored, a mirror', () => {
  const cases: readonly (readonly [string, boolean, Said, Partial<OriginRequest>?])[] = [
    ['answers with the same strong tag', true, { status: 200, fields: ['ETag', '"1"'] }],
    ['answers with the same tag over another length', false, { status: 200, fields: ['ETag', '"1"'], sizeBytes: 6 }],
    ['answers with the same tag, but weak', false, { status: 200, fields: ['ETag', 'W/"1"'] }],
    ['answers with the same date and length', true, { status: 200, fields: ['Last-Modified', modified], sizeBytes: 5 }],
    ['answers with the same date, without a length', false, { status: 200, fields: ['Last-Modified', modified] }],
    ['answers with the same length, without a date', false, { status: 200, sizeBytes: 5 }],
    [
      'answers in another coding',
      false,
      { status: 200, fields: ['ETag', '"1"', 'Content-Encoding', 'gzip'], sizeBytes: 5 },
    ],
    ['answers with something else', false, { status: 200, fields: ['ETag', '"2"'], sizeBytes: 5 }],
    ['confirms the tag', true, { status: 304, fields: ['ETag', '"1"'] }, conditional],
    ['confirms without a word', true, { status: 304 }, conditional],
    ['confirms another tag', false, { status: 304, fields: ['ETag', '"2"'] }, conditional],
    ['confirms a date as its own', true, { status: 304, fields: ['Last-Modified', modified] }, dated],
    ['confirms a date without saying its own', false, { status: 304 }, dated],
    ['has an older file', false, { status: 304, fields: ['Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'] }, dated],
  ]
  for (const [says, isTaken, said, more] of cases) {
    test(`${says}: ${isTaken ? 'it stands for the asked origin' : 'it is passed over'}`, async () => {
      const outcome = await ask({ 'a.test': down, 'b.test': said, 'c.test': down }, { stored, ...(more && { more }) })
      assert.equal(outcome.mirror, isTaken ? 'b.test' : undefined)
      if (!isTaken) assert.equal(outcome.word, down)
    })
  }

  test('answers with the digest of what is stored: it stands for the asked origin', async () => {
    const said = { status: 200, fields: ['Repr-Digest', reprDigest(digest)] }
    const outcome = await ask({ 'a.test': down, 'b.test': said }, { stored: { ...stored, digest } })
    assert.equal(outcome.mirror, 'b.test')
  })

  for (const [text, ends] of [
    ['12345', 'comes to its end'],
    ['54321', 'never does, as its last piece is held back'],
  ] as const) {
    test(`answers with the length and no validator of what is stored: ${text} for 12345 ${ends}`, async () => {
      const said = { status: 200, fields: ['ETag', '"9"'], sizeBytes: 5, content: [text.slice(0, 2), text.slice(2)] }
      const outcome = await ask({ 'a.test': down, 'b.test': said }, { stored: { ...stored, digest } })
      const { content, fault } = await receive(outcome.response!)
      const expected = text === '12345' ? [text, undefined] : ['54', 'CONTENT_DIGEST_MISMATCH']
      assert.deepEqual([content.toString(), fault?.code], expected)
      // Were it cut, it could not go on without the proof.
      assert.deepEqual(outcome.response!.fields, [])
    })
  }

  test('says not modified in vain when nothing is stored', async () => {
    assert.equal((await ask({ 'a.test': down, 'b.test': { status: 304 }, 'c.test': down })).word, down)
  })
})

describe('The rest of a response that was cut', () => {
  const cut = new Fault('ORIGIN_TRUNCATED', 'cut')
  const rest = ['Range', 'bytes=2-', 'If-Range', '"1"']

  /** Asks for a response that begins at `b`, then for its rest. */
  async function resumed(says: Readonly<Record<string, Said>>, wasCut = true) {
    const before: Record<string, Said> = { 'a.test': down, 'b.test': good }
    const origins = new Origins(before)
    const sets = new MirrorSets([{ ...blank, origin: 'f:1', mirrors: { bases, alsoMissing: false } }])
    const fetcher = createMirroringFetcher(origins, { sets, mayAsk: () => true })
    const attempts = { count: 0, cut: undefined as Fault | undefined }
    const mirrors = () => ({ stored: undefined, onMirror: () => {} })
    const request = { method: 'GET', target: targetOf(atAll[0]!), fields: [], mirrors, attempts }
    await fetcher.fetch(request)
    Object.assign(before, says)
    attempts.cut = wasCut ? cut : undefined
    origins.asked.splice(0)
    const word = await fetcher.fetch({ ...request, fields: rest }).then(
      ({ status }) => status,
      (error: Fault) => error.code,
    )
    return { word, hosts: origins.asked.map(({ target }) => target.host), asked: origins.asked }
  }

  test('is asked of the mirror that gave its beginning', async () => {
    const { word, hosts } = await resumed({ 'a.test': good, 'b.test': { status: 206, fields: ['ETag', '"1"'] } })
    assert.deepEqual([word, hosts], [206, ['b.test']])
  })

  test('is asked of the others when that one fails, and taken with the same strong tag only', async () => {
    const said = {
      'a.test': { status: 206, fields: ['ETag', 'W/"1"'] },
      'b.test': down,
      'c.test': { status: 206, fields: ['ETag', '"1"'] },
    } as const
    const { word, hosts, asked } = await resumed(said)
    assert.deepEqual([word, hosts], [206, ['b.test', 'a.test', 'c.test']])
    // One that was asked before goes on counting; another begins.
    assert.deepEqual(
      asked.map(({ attempts }) => attempts!.cut),
      [cut, cut, undefined],
    )
  })

  test('may be replaced by the whole of another version while its beginning is only stored', async () => {
    const said = { 'a.test': down, 'b.test': down, 'c.test': { status: 200, fields: ['ETag', '"2"'] } } as const
    assert.equal((await resumed(said, false)).word, 200)
    assert.equal((await resumed(said)).word, down)
  })

  test('is nobody’s where no other has the same tag', async () => {
    const { word } = await resumed({
      'a.test': good,
      'b.test': down,
      'c.test': { status: 206, fields: ['ETag', '"2"'] },
    })
    assert.equal(word, down)
  })
})
