import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../src/base/faults.ts'
import { Fields } from '../../../src/http/fields.ts'
import { parseRange } from '../../../src/http/range.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'
import { createResumingFetcher } from '../../../src/upstream/resuming-fetcher.ts'
import { get, targetOf } from '../../support/origin-fetching.ts'

/** How the origin treats one request. */
interface Turn {
  /** Which version of the content it has by now, counted up. */
  readonly newVersion: boolean
  readonly ignoresRange: boolean
  /** Bytes that are sent before the cut, modulo what there is; `undefined`: all. */
  readonly cutAfter: number | undefined
  readonly pieceBytes: number
}

const sizeBytes = 200
const contentOf = (version: number): Buffer => Buffer.alloc(sizeBytes, `${version}:0123456789;`)
const steady = { pause: () => {}, resume: () => {}, abort: () => {} }

class TurningOrigin implements OriginFetcher {
  readonly #turns: Turn[]
  #version = 1

  constructor(turns: readonly Turn[]) {
    this.#turns = [...turns]
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const turn = this.#turns.shift()
    if (turn === undefined) throw new Fault('ORIGIN_CONNECT_REFUSED', 'no more')
    if (turn.newVersion) this.#version += 1
    const content = contentOf(this.#version)
    const asked = new Fields(request.fields)
    const range = parseRange(asked.get('range'))
    const partial = range !== undefined && !turn.ignoresRange && asked.get('if-range') === `"v${this.#version}"`
    const first = partial && 'first' in range ? range.first : 0
    const sent = content.subarray(first)
    const fields = ['ETag', `"v${this.#version}"`]
    if (partial) fields.push('Content-Range', `bytes ${first}-${sizeBytes - 1}/${sizeBytes}`)
    const head = { fields, framing: 'length' as const, declaredBytes: sent.length }
    const flow = new ResponseFlow(partial ? 206 : 200, head, 0, 0, steady)
    setImmediate(() => play(flow, sent, turn))
    return flow
  }

  async close(): Promise<void> {}
}

function play(flow: ResponseFlow, content: Buffer, { cutAfter, pieceBytes }: Turn): void {
  const end = cutAfter === undefined ? content.length : cutAfter % content.length
  for (let at = 0; at < end; at += pieceBytes) flow.take(content.subarray(at, Math.min(end, at + pieceBytes)))
  if (cutAfter === undefined) flow.finish([])
  else flow.break(new Fault('ORIGIN_TRUNCATED', 'cut'))
}

const turn: fc.Arbitrary<Turn> = fc.record({
  newVersion: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  ignoresRange: fc.boolean(),
  cutAfter: fc.option(fc.nat(sizeBytes * 2), { nil: undefined, freq: 3 }),
  pieceBytes: fc.integer({ min: 1, max: 70 }),
})

describe('Whatever is cut, and whatever changes between the attempts', () => {
  test('a content that ends well is that of one version, and what came of one that does not is its beginning', async () => {
    const outcomes = { whole: 0, broken: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 8 }), async (turns) => {
        const fetcher = createResumingFetcher(new TurningOrigin(turns))
        const { response, content, fault } = await get(fetcher, targetOf('http', 80, '/'))
        const version = Number(/v(\d+)/.exec(new Fields(response.fields).get('etag')!)![1])
        assert.deepEqual(content, contentOf(version).subarray(0, content.length))
        if (fault === undefined) assert.equal(content.length, sizeBytes)
        outcomes[fault === undefined ? 'whole' : 'broken'] += 1
      }),
      { numRuns: 1000 },
    )
    assert.equal(outcomes.whole > 50 && outcomes.broken > 50, true, JSON.stringify(outcomes))
  })
})
