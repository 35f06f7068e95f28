import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '../../../src/base/digest.ts'
import { Fault } from '../../../src/base/faults.ts'
import { Fields } from '../../../src/http/fields.ts'
import { parseRange } from '../../../src/http/range.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'
import { MirrorSets } from '../../../src/upstream/mirror-sets.ts'
import { createMirroringFetcher } from '../../../src/upstream/mirroring-fetcher.ts'
import type {
  OriginFetcher,
  OriginRequest,
  OriginResponse,
  StoredVersion,
} from '../../../src/upstream/origin-fetcher.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'
import { createResumingFetcher } from '../../../src/upstream/resuming-fetcher.ts'
import { receive } from '../../support/origin-fetching.ts'

/** What an origin has, and whether its tags tell versions apart for all origins, for itself alone, or not at all. */
interface Holding {
  readonly version: number
  readonly tags: 'shared' | 'own' | 'none'
}

/** How the origin that is asked next behaves. */
interface Turn {
  readonly fails: boolean
  readonly ignoresRange: boolean
  /** `undefined`: all is sent. */
  readonly cutAfter: number | undefined
}

const sizeBytes = 120
const hosts = ['a.test', 'b.test', 'c.test']
const contentOf = (version: number): Buffer => Buffer.alloc(sizeBytes, `${version}:0123456789;`)
const steady = { pause: () => {}, resume: () => {}, abort: () => {} }

class Holders implements OriginFetcher {
  readonly #holdings: readonly Holding[]
  readonly #turns: Turn[]

  constructor(holdings: readonly Holding[], turns: readonly Turn[]) {
    this.#holdings = holdings
    this.#turns = [...turns]
  }

  async fetch({ target, fields: asked, attempts }: OriginRequest): Promise<OriginResponse> {
    if (attempts !== undefined) attempts.count += 1
    const turn = this.#turns.shift()
    if (turn === undefined || turn.fails) throw new Fault('ORIGIN_CONNECT_REFUSED', target.host)
    const { version, tags } = this.#holdings[hosts.indexOf(target.host)]!
    const tag = tags === 'shared' ? `"v${version}"` : `"${target.host}-v${version}"`
    const request = new Fields(asked)
    const range = parseRange(request.get('range'))
    const partial = range !== undefined && !turn.ignoresRange && request.get('if-range') === tag && tags !== 'none'
    const first = partial && 'first' in range ? range.first : 0
    const sent = contentOf(version).subarray(first)
    const fields = tags === 'none' ? [] : ['ETag', tag]
    if (partial) fields.push('Content-Range', `bytes ${first}-${sizeBytes - 1}/${sizeBytes}`)
    const head = { fields, framing: 'length' as const, declaredBytes: sent.length }
    const flow = new ResponseFlow(partial ? 206 : 200, head, 0, 0, steady)
    setImmediate(() => play(flow, sent, turn))
    return flow
  }

  async close(): Promise<void> {}
}

function play(flow: ResponseFlow, content: Buffer, { cutAfter }: Turn): void {
  const end = cutAfter === undefined ? content.length : cutAfter % content.length
  for (let at = 0; at < end; at += 40) flow.take(content.subarray(at, Math.min(end, at + 40)))
  if (cutAfter === undefined) flow.finish([])
  else flow.break(new Fault('ORIGIN_TRUNCATED', 'cut'))
}

const holding: fc.Arbitrary<Holding> = fc.record({
  version: fc.constantFrom(1, 2),
  tags: fc.constantFrom('shared' as const, 'own' as const, 'none' as const),
})
const turn: fc.Arbitrary<Turn> = fc.record({
  fails: fc.boolean(),
  ignoresRange: fc.boolean(),
  cutAfter: fc.option(fc.nat(sizeBytes * 2), { nil: undefined, freq: 2 }),
})
const versionOne: StoredVersion = { fields: ['ETag', '"v1"'], sizeBytes, digest: digestOf(contentOf(1)) }

describe('Whichever origins fail, and whatever version each of them has', () => {
  test('a content that ends well is that of one version: of the stored one, unless the asked origin sent its beginning', async () => {
    const outcomes = { asked: 0, mirror: 0, broken: 0 }
    const scene = fc.record({
      holdings: fc.tuple(holding, holding, holding),
      turns: fc.array(turn, { minLength: 1, maxLength: 10 }),
      isStored: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(scene, async ({ holdings, turns, isStored }) => {
        const mirrors = { bases: hosts.map((host) => `http://${host}/`), alsoMissing: false }
        const blank = { match: undefined, drop: [], keep: undefined, signed: undefined, public: false, fold: [] }
        const sets = new MirrorSets([{ ...blank, origin: 'f:1', mirrors }])
        const mirroring = createMirroringFetcher(new Holders(holdings, turns), { sets, mayAsk: () => true })
        let first: string | undefined
        const terms = {
          stored: isStored ? versionOne : undefined,
          onMirror: (authority: string) => void (first ??= authority),
        }
        const target = parseTargetUri('http://a.test/x')
        assert.ok(!('invalid' in target))
        const request = { method: 'GET', target, fields: [], mirrors: () => terms }
        const response = await createResumingFetcher(mirroring)
          .fetch(request)
          .catch(() => undefined)
        if (response === undefined) return
        const beganAtMirror = first !== undefined
        const got = await receive(response)
        const version = [1, 2].find((one) => contentOf(one).subarray(0, got.content.length).equals(got.content))
        assert.notEqual(version, undefined, got.content.toString())
        if (got.fault !== undefined) outcomes.broken += 1
        else {
          assert.equal(got.content.length, sizeBytes)
          outcomes[first === undefined ? 'asked' : 'mirror'] += 1
          if (isStored && beganAtMirror) assert.equal(version, 1)
        }
      }),
      { numRuns: 1500 },
    )
    assert.ok(
      Object.values(outcomes).every((count) => count > 50),
      JSON.stringify(outcomes),
    )
  })
})
