import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseEntityTag, strongMatch } from '../../../src/http/entity-tag.ts'
import { Fields } from '../../../src/http/fields.ts'
import { parseContentRange } from '../../../src/http/range.ts'
import { leavingLimits } from '../../../src/policy/leaving.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import { type SparseLimits, sparseLimits } from '../../../src/policy/sparse.ts'
import { RecordingClient, StillClock } from '../../support/conversation-parties.ts'
import { breathe, Scene } from '../../support/scene.ts'
import { ChangingOrigin, lifetimeSeconds, type Representation, representation, tagOf } from './changing-origin.ts'

type Action =
  | { readonly kind: 'ask'; readonly range: string | undefined; readonly resume: boolean; readonly reload: boolean }
  | { readonly kind: 'step' | 'cut' | 'leave'; readonly which: number }
  | { readonly kind: 'change'; readonly sizeBytes: number; readonly validator: Representation['validator'] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'drain' | 'restart' }

interface Asking {
  readonly client: RecordingClient
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly askedAt: number
}

const which = fc.nat({ max: 5 })
const sizeBytes = fc.constantFrom(0, 20, 20, 30, 90, 90)
const validator = fc.constantFrom('strong', 'strong', 'weak', 'date', 'none')
const position = fc.oneof(fc.nat({ max: 35 }), fc.nat({ max: 35 }), fc.nat({ max: 95 }))
const range = fc.oneof(
  fc.constant(undefined),
  fc.tuple(position, position).map(([a, b]) => `bytes=${Math.min(a, b)}-${Math.max(a, b)}`),
  position.map((first) => `bytes=${first}-`),
  position.map((count) => `bytes=-${count}`),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), range, resume: fc.boolean(), reload: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'leave' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('change' as const), sizeBytes, validator }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1000, 6000) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('drain' as const, 'drain' as const, 'restart' as const) }),
  },
)

/** So that fills are given up, and parts kept, within the few bytes that are played with. */
const fewBytes = { ...leavingLimits, finishBytes: 5, finishShare: 0.9, minPartBytes: 3 }
/** So that ranges are fetched out of their order within them. */
const outOfOrder = { minSizeBytes: 10, soonBytes: 5, chunkBytes: 4, maxLegCount: 2 }

/** A resource, the clients that ask for it, and what goes on between them. */
class Play {
  readonly #clock = new StillClock()
  readonly #origin: ChangingOrigin
  readonly #scene: Scene
  readonly #askings: Asking[] = []

  constructor(profile: Profile, first: Representation, sparse: SparseLimits) {
    this.#origin = new ChangingOrigin(this.#clock, first)
    this.#scene = new Scene(profile, this.#clock, this.#origin, { leaving: fewBytes, sparse })
  }

  async act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'ask':
        this.#ask(action)
        break
      case 'step':
        this.#origin.step(action.which)
        break
      case 'cut':
        this.#origin.cut(action.which)
        break
      case 'leave':
        this.#askings[action.which % Math.max(1, this.#askings.length)]?.client.destroy()
        break
      case 'change':
        this.#origin.change(action.sizeBytes, action.validator)
        break
      case 'wait':
        this.#clock.pass(action.ms)
        break
      case 'drain':
        await this.#drain()
        break
      case 'restart':
        this.#scene.forgetMemory()
    }
    await breathe()
  }

  #ask({ range: wanted, resume, reload }: Extract<Action, { kind: 'ask' }>): void {
    const ifRange = resume ? this.#lastTag() : undefined
    const fields: string[] = reload ? ['Cache-Control', 'no-cache'] : []
    if (wanted !== undefined) fields.push('Range', wanted)
    if (wanted !== undefined && ifRange !== undefined) fields.push('If-Range', ifRange)
    const client = new RecordingClient('GET')
    this.#askings.push({
      client,
      range: wanted,
      ifRange: wanted === undefined ? undefined : ifRange,
      askedAt: this.#clock.now(),
    })
    this.#scene.ask({ method: 'GET', url: 'http://origin.test/tool-1.2.3.tar.gz', fields }, client)
  }

  /** What a client that was cut off resumes with. */
  #lastTag(): string | undefined {
    const heads = this.#askings.map(({ client }) => new Fields(client.head?.fields ?? []).get('etag'))
    return heads.findLast((tag) => tag !== undefined)
  }

  /** Lets the origin finish what it has begun. */
  async #drain(): Promise<void> {
    for (let steps = 0; this.#origin.busy; steps += 1) {
      assert.ok(steps < 10_000, 'the origin never comes to an end')
      this.#origin.step(0)
      await breathe()
    }
    await this.#scene.settled()
  }

  /** Lets everything come to its end, then looks at what every client got. */
  async end(): Promise<void> {
    await this.#drain()
    for (const asking of this.#askings) this.#check(asking)
    await this.#scene.close()
  }

  #check(asking: Asking): void {
    const { client, range: wanted, ifRange } = asking
    assert.ok(client.closed, 'a client waits for ever')
    const fields = new Fields(client.head?.fields ?? [])
    if (client.status === 206) {
      const part = parseContentRange(fields.get('content-range'))
      assert.ok(wanted !== undefined && part !== undefined)
      const fits = this.#withTag(fields.get('etag')).filter(({ bytes }) => {
        const slice = bytes.subarray(part.first, part.last + 1)
        return bytes.length === part.sizeBytes && isContent(client, slice)
      })
      assert.ok(fits.length > 0, `206 ${fields.get('content-range')} is of no representation`)
      this.#checkAge(asking, fits, fields)
      if (ifRange !== undefined) {
        assert.ok(strongMatch(parseEntityTag(ifRange), parseEntityTag(fields.get('etag'))), 'If-Range was not met')
      }
    } else if (client.status === 200) {
      const fits = this.#withTag(fields.get('etag')).filter(({ bytes }) => isContent(client, bytes))
      assert.ok(fits.length > 0, `200 with ${client.content.toString('hex')} is of no representation`)
      this.#checkAge(asking, fits, fields)
    } else if (client.complete) {
      assert.ok(client.status === 416 || client.status === 502, `it is a ${client.status}`)
    }
  }

  /** From the store comes only what was the origin's word within its lifetime, from the origin what is its word since the request. */
  #checkAge({ askedAt }: Asking, fits: readonly Representation[], fields: Fields): void {
    const status = fields.get('cache-status') ?? ''
    // What is weakly the same may be older; who shares a request shares its beginning; a failed origin may be stood in for.
    if (fits[0]!.validator !== 'strong' || /collapsed|detail=/.test(status)) return
    const isHit = status.startsWith('larder; hit')
    if (isHit) assert.ok(Number(fields.get('age')) < lifetimeSeconds, `a hit is ${fields.get('age')} s old`)
    const since = isHit ? askedAt - lifetimeSeconds * 1000 : askedAt
    assert.ok(
      fits.some((one) => this.#origin.wasPresentSince(one, since)),
      `${status}: this was no longer at the origin`,
    )
  }

  /** The representations that an entity tag may be about. */
  #withTag(tag: string | undefined): Representation[] {
    return this.#origin.all.filter((one) => tagOf(one) === tag)
  }
}

/** All of `bytes`, or their beginning where the transfer was visibly cut. */
function isContent(client: RecordingClient, bytes: Buffer): boolean {
  return client.content.equals(client.complete ? bytes : bytes.subarray(0, client.content.length))
}

describe('One representation', () => {
  for (const profile of ['builds', 'standards'] as const) {
    for (const [order, sparse] of Object.entries({ 'in order': sparseLimits, 'out of order': outOfOrder }))
      test(`ranges, aborts and changes at the origin, interleaved at will, yield bytes of exactly one, none older than its lifetime, under ${profile}, fetched ${order}`, async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(action, { minLength: 20, maxLength: 60 }),
            sizeBytes,
            validator,
            async (actions, size, by) => {
              const play = new Play(profile, representation(0, size, by), sparse)
              for (const one of actions) await play.act(one)
              await play.end()
            },
          ),
          { numRuns: 300 },
        )
      })
  }
})
