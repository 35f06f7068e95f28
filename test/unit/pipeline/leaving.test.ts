import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { Fields, type RawFields } from '../../../src/http/fields.ts'
import type { Exchange } from '../../../src/pipeline/exchange.ts'
import type { BodySink, OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { content } from '../../support/blob-content.ts'
import { RecordingClient, StillClock } from '../../support/conversation-parties.ts'
import { breathe, Scene } from '../../support/scene.ts'

const url = 'http://origin.test/tool-1.2.3.tar.gz'
const bytes = content(400_000, 3)
const hadBytes = 100_000
const tagged: RawFields = ['Cache-Control', 'max-age=600', 'ETag', '"a"']

/** What the origin says next. */
interface Saying {
  readonly status: number
  readonly fields: RawFields
  readonly content: Buffer
  /** Declared length. */
  readonly declaredBytes?: number
}

/** An origin that says what it is told to, and whose content the test sends. */
class HandOrigin implements OriginFetcher {
  readonly requests: Fields[] = []
  readonly #clock: StillClock
  readonly #sayings: Saying[] = []
  sink: BodySink | undefined
  cancelCount = 0

  constructor(clock: StillClock) {
    this.#clock = clock
  }

  willSay(...sayings: readonly Saying[]): void {
    this.#sayings.push(...sayings)
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.requests.push(new Fields(request.fields))
    const saying = this.#sayings.shift()
    if (saying === undefined) throw new Fault('ORIGIN_CONNECT_REFUSED', 'it has nothing to say')
    const { status, fields, content: body, declaredBytes = body.length } = saying
    const now = this.#clock.now()
    return {
      status,
      fields,
      framing: 'length',
      declaredBytes,
      requestedAt: now,
      receivedAt: now,
      consume: (sink) => {
        this.sink = sink
        setImmediate(() => {
          if (body.length > 0) sink.chunk(body)
          if (body.length === declaredBytes) sink.end([])
        })
      },
      resume: () => {},
      cancel: () => {
        this.cancelCount += 1
      },
    }
  }

  async close(): Promise<void> {}
}

class Play {
  readonly clock = new StillClock()
  readonly origin = new HandOrigin(this.clock)
  readonly scene = new Scene('builds', this.clock, this.origin)

  async ask(fields: RawFields = []): Promise<{ client: RecordingClient; exchange: Exchange }> {
    const client = new RecordingClient('GET')
    const exchange = this.scene.ask({ method: 'GET', url, fields }, client)
    await breathe()
    await breathe()
    return { client, exchange }
  }

  /** A client that leaves when `hadBytes` are there, of a response that is finished all the same. */
  async begunAndLeft(): Promise<Exchange> {
    const first = bytes.subarray(0, hadBytes)
    this.origin.willSay({ status: 200, fields: tagged, content: first, declaredBytes: bytes.length })
    const { client, exchange } = await this.ask()
    client.destroy()
    await breathe()
    assert.equal(this.origin.cancelCount, 0)
    return exchange
  }

  /** As `begunAndLeft`, and then the origin breaks the transfer for good. */
  async begunAndCut(): Promise<void> {
    await this.begunAndLeft()
    this.origin.sink!.fail(new Fault('ORIGIN_TRUNCATED', 'cut'))
    await this.scene.settled()
  }
}

describe('What is finished for nobody', () => {
  const paceMs = 30_000 + (bytes.length - hadBytes) / 64

  test('is given up when it does not come at a pace', async () => {
    const play = new Play()
    const exchange = await play.begunAndLeft()
    play.clock.pass(paceMs + 1)
    play.origin.sink!.chunk(bytes.subarray(hadBytes, hadBytes + 1))
    await play.scene.settled()
    assert.equal(play.origin.cancelCount, 1)
    assert.equal(play.scene.eventOf(exchange)?.stored, 'client-aborted')
    await play.scene.close()
  })

  test('is stored when it does', async () => {
    const play = new Play()
    const exchange = await play.begunAndLeft()
    play.clock.pass(paceMs)
    play.origin.sink!.chunk(bytes.subarray(hadBytes))
    play.origin.sink!.end([])
    await play.scene.settled()
    assert.equal(play.scene.eventOf(exchange)?.stored, 'yes')
    assert.equal(play.origin.cancelCount, 0)
    await play.scene.close()
  })

  test('may take its time again when somebody reads it', async () => {
    const play = new Play()
    await play.begunAndLeft()
    const { client } = await play.ask()
    play.clock.pass(10 * paceMs)
    play.origin.sink!.chunk(bytes.subarray(hadBytes))
    play.origin.sink!.end([])
    await play.scene.settled()
    assert.ok(client.complete && client.content.equals(bytes))
    await play.scene.close()
  })
})

describe('The rest of a stored part', () => {
  const whole: Saying = { status: 200, fields: tagged, content: bytes }
  const rest = (first: number, sizeBytes = bytes.length, fields = tagged): Saying => ({
    status: 206,
    fields: [...fields, 'Content-Range', `bytes ${first}-${sizeBytes - 1}/${sizeBytes}`],
    content: bytes.subarray(first, sizeBytes),
  })
  const other = ['Cache-Control', 'max-age=600', 'ETag', '"b"']
  const weak = ['Cache-Control', 'max-age=600', 'ETag', 'W/"a"']
  const unsatisfiable = { status: 416, fields: ['Content-Range', 'bytes */50'], content: Buffer.alloc(0) }
  const rows: { readonly [title: string]: readonly Saying[] } = {
    'is taken when it fits': [rest(hadBytes)],
    'is not needed when the origin sends the whole': [whole],
    'is not taken from another version': [rest(hadBytes, bytes.length, other), whole],
    'is not taken with a weak tag': [rest(hadBytes, bytes.length, weak), whole],
    'is not taken without a tag': [rest(hadBytes, bytes.length, []), whole],
    'is not taken when it begins elsewhere': [rest(hadBytes + 1), whole],
    'is not taken when it has another size': [rest(hadBytes, bytes.length - 1), whole],
    'is not to be had when the origin has nothing there': [unsatisfiable, whole],
  }
  for (const [title, sayings] of Object.entries(rows)) {
    test(`${title}; the client gets one version, whole`, async () => {
      const play = new Play()
      await play.begunAndCut()
      play.origin.willSay(...sayings)
      const { client, exchange } = await play.ask()
      await play.scene.settled()
      assert.deepEqual([client.status, client.complete], [200, true])
      assert.ok(client.content.equals(bytes))
      const asked = play.origin.requests.map((fields) => [fields.get('range'), fields.get('if-range')])
      const anew = sayings.length > 1 ? [[undefined, undefined]] : []
      assert.deepEqual(asked, [[undefined, undefined], [`bytes=${hadBytes}-`, '"a"'], ...anew])
      assert.equal(play.scene.eventOf(exchange)?.stored, 'yes')
      const later = await play.ask()
      await play.scene.settled()
      assert.ok(later.client.content.equals(bytes))
      assert.equal(play.scene.eventOf(later.exchange)?.result, 'hit')
      await play.scene.close()
    })
  }

  test('has the fields of the answer, and of the part what the answer leaves out (RFC 9111 section 3.4)', async () => {
    const play = new Play()
    await play.begunAndCut()
    play.origin.willSay(rest(hadBytes, bytes.length, ['ETag', '"a"', 'X-New', 'yes']))
    const { client } = await play.ask()
    await play.scene.settled()
    const fields = new Fields(client.head!.fields)
    assert.deepEqual([fields.get('cache-control'), fields.get('x-new')], ['max-age=600', 'yes'])
    assert.equal(fields.get('content-range'), undefined)
    await play.scene.close()
  })

  for (const [status, again] of [
    [503, `bytes=${hadBytes}-`],
    [404, undefined],
  ] as const) {
    test(`is ${again === undefined ? 'forgotten' : 'asked for again later'} when the origin says ${status}`, async () => {
      const play = new Play()
      await play.begunAndCut()
      play.origin.willSay({ status, fields: ['Cache-Control', 'no-store'], content: Buffer.from('no') })
      const { client } = await play.ask()
      await play.scene.settled()
      assert.equal(client.status, status)
      play.origin.willSay(again === undefined ? whole : rest(hadBytes))
      const later = await play.ask()
      await play.scene.settled()
      assert.ok(later.client.content.equals(bytes))
      assert.equal(play.origin.requests.at(-1)!.get('range'), again)
      await play.scene.close()
    })
  }

  test('that is cut as well leaves a longer part', async () => {
    const play = new Play()
    await play.begunAndCut()
    const next = { ...rest(hadBytes), declaredBytes: bytes.length - hadBytes }
    play.origin.willSay({ ...next, content: bytes.subarray(hadBytes, 250_000) })
    const { client } = await play.ask()
    play.origin.sink!.fail(new Fault('ORIGIN_CONNECTION_LOST', 'cut'))
    await play.scene.settled()
    assert.ok(client.aborted && client.content.equals(bytes.subarray(0, 250_000)))
    play.origin.willSay(rest(250_000))
    const later = await play.ask()
    await play.scene.settled()
    assert.ok(later.client.content.equals(bytes))
    assert.equal(play.origin.requests.at(-1)!.get('range'), 'bytes=250000-')
    await play.scene.close()
  })

  test('is never asked for after a malformed response', async () => {
    const play = new Play()
    await play.begunAndLeft()
    play.origin.sink!.fail(new Fault('ORIGIN_RESPONSE_INVALID', 'bytes stand behind the end'))
    await play.scene.settled()
    play.origin.willSay(whole)
    await play.ask()
    await play.scene.settled()
    assert.equal(play.origin.requests.at(-1)!.get('range'), undefined)
    await play.scene.close()
  })
})
