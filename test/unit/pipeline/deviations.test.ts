import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import type { Result } from '../../../src/base/results.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import { type DeviationId, deviations } from '../../../src/policy/deviations.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import type { OriginFetcher, OriginRequest } from '../../../src/upstream/origin-fetcher.ts'
import { readResponseHead } from '../../../src/upstream/response-head.ts'
import { RecordingClient, StillClock } from '../../support/conversation-parties.ts'
import { startAt } from '../../support/conversation-script.ts'
import { Scene } from '../../support/scene.ts'

/** One request and its answer, or its lack (`status` 0); `waitMs` before. */
interface Turn {
  /** At origin.test, or a whole URL. */
  readonly path: string
  readonly fields?: readonly string[]
  readonly status?: number
  readonly answer?: readonly string[]
  readonly waitMs?: number
}

interface Row {
  readonly id: DeviationId
  readonly turns: readonly Turn[]
  /** What the last request becomes in each profile. */
  readonly builds: Result
  readonly standards: Result
}

const tarball = '/p/-/p-1.0.0.tgz'
const archive = '/x/y-1.0.tar.gz'
const noCache = ['Cache-Control', 'no-cache']
/** An object that a redirect leads everybody to. */
const signed = `http://b.s3.amazonaws.com/o?AWSAccessKeyId=k&Signature=s&Expires=${startAt / 1000 + 3600}`
const etag = ['ETag', '"1"']

const rows: readonly Row[] = [
  {
    id: 'immutable-lifetime',
    turns: [
      { path: tarball, answer: ['Cache-Control', 'max-age=5', ...etag] },
      { path: tarball, waitMs: 60_000, status: 304 },
    ],
    builds: 'hit',
    standards: 'revalidated',
  },
  {
    id: 'class-lifetime',
    turns: [
      { path: archive, answer: etag },
      { path: archive, waitMs: 60_000, status: 304 },
    ],
    builds: 'hit',
    standards: 'revalidated',
  },
  {
    id: 'negative-lifetime',
    turns: [
      { path: '/a', status: 404 },
      { path: '/a', waitMs: 5000, status: 404 },
    ],
    builds: 'hit-negative',
    standards: 'miss',
  },
  {
    id: 'negative-cap',
    turns: [
      { path: '/a', status: 404, answer: ['Cache-Control', 'max-age=3600', ...etag] },
      { path: '/a', waitMs: 120_000, status: 304 },
    ],
    builds: 'revalidated',
    standards: 'hit-negative',
  },
  {
    id: 'immutable-ignores-request',
    turns: [
      { path: tarball, answer: etag },
      { path: tarball, fields: noCache, status: 304 },
    ],
    builds: 'hit',
    standards: 'revalidated',
  },
  {
    id: 'validation-pause',
    turns: [
      { path: archive, answer: ['Cache-Control', 'max-age=60', ...etag] },
      { path: archive, fields: noCache, waitMs: 5000, status: 304 },
    ],
    builds: 'hit',
    standards: 'revalidated',
  },
  {
    id: 'class-stale-if-error',
    turns: [
      { path: archive, answer: ['Cache-Control', 'max-age=60', ...etag] },
      { path: archive, waitMs: 120_000, status: 503 },
    ],
    builds: 'stale-on-error',
    standards: 'replaced',
  },
  {
    id: 'stale-despite-no-cache',
    turns: [
      { path: archive, answer: ['Cache-Control', 'max-age=60', ...etag] },
      { path: archive, fields: noCache, waitMs: 120_000, status: 0 },
    ],
    builds: 'stale-on-error',
    standards: 'refresh-failed',
  },
  {
    id: 'guarded-urls',
    turns: [{ path: '/a?password=x', answer: ['Cache-Control', 'max-age=60'] }, { path: '/a?password=x' }],
    builds: 'relayed',
    standards: 'hit',
  },
  {
    id: 'credentials-pass-by',
    turns: [
      { path: '/a', answer: ['Cache-Control', 'max-age=60'] },
      { path: '/a', fields: ['Cookie', 'a=b'] },
    ],
    builds: 'relayed',
    standards: 'hit',
  },
  {
    id: 'errors-not-stored',
    turns: [{ path: '/a', status: 405, answer: ['Cache-Control', 'max-age=60'] }],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'cookies-not-stored',
    turns: [{ path: '/a', answer: ['Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b'] }],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'equal-names',
    turns: [{ path: '/debian/pool/main/a/a/a_1%2B1_all.deb', answer: ['Cache-Control', 'max-age=60'] }],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'public-signature',
    turns: [
      { path: '/dl', status: 302, answer: ['Location', signed] },
      { path: signed, answer: ['Cache-Control', 'max-age=60'] },
    ],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'redirects-followed',
    turns: [
      {
        path: 'http://github.com/o/r/releases/download/v1.0/y.tgz',
        answer: ['Cache-Control', 'max-age=60'],
      },
    ],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'whole-for-range',
    turns: [{ path: '/a', fields: ['Range', 'bytes=0-0'], answer: ['Cache-Control', 'max-age=60'] }],
    builds: 'miss',
    standards: 'miss',
  },
  {
    id: 'identity-coding',
    turns: [{ path: archive, fields: ['Accept-Encoding', 'gzip'], answer: ['Cache-Control', 'max-age=60'] }],
    builds: 'miss',
    standards: 'miss',
  },
]

/** Seen in the journey of `larder why`: it needs a configuration. */
const elsewhere: readonly DeviationId[] = ['mirrors', 'user-rules']

async function played(profile: Profile, turns: readonly Turn[]): Promise<{ result: Result; names: string[] }> {
  const clock = new StillClock()
  let turn: Turn = turns[0]!
  const fetch = async (request: OriginRequest) => {
    const { status = 200, answer = [] } = turn
    const now = clock.now()
    if (status === 0) throw new Fault('ORIGIN_CONNECT_REFUSED', 'nobody is there')
    const fields = [...answer, 'Date', formatHttpDate(now), ...(status === 304 ? [] : ['Content-Length', '1'])]
    const head = readResponseHead(request.method, status, fields)
    if (typeof head === 'string') assert.fail(head)
    const consume: Awaited<ReturnType<OriginFetcher['fetch']>>['consume'] = (sink) =>
      void setImmediate(() => {
        if (status !== 304) sink.chunk(Buffer.from('1'))
        sink.end([])
      })
    return { status, ...head, requestedAt: now, receivedAt: now, consume, resume: () => {}, cancel: () => {} }
  }
  const scene = new Scene(profile, clock, { fetch, close: async () => {} })
  after(() => scene.close())
  let names: string[] = []
  let result: Result = 'failed'
  for (turn of turns) {
    clock.pass(turn.waitMs ?? 0)
    const asked = {
      method: 'GET',
      url: turn.path.startsWith('/') ? `http://origin.test${turn.path}` : turn.path,
      fields: turn.fields ?? [],
    }
    const exchange = scene.ask(asked, new RecordingClient('GET'))
    await scene.settled()
    const told = scene.recall(exchange)!
    names = told.deviations.map(({ name }) => name)
    result = scene.eventOf(exchange)!.result
  }
  return { result, names }
}

describe('Deviations of the profile builds', () => {
  for (const { id, turns, builds, standards } of rows) {
    test(`${id}: ${deviations[id].sentence}`, async () => {
      const inBuilds = await played('builds', turns)
      assert.equal(inBuilds.result, builds)
      assert.ok(inBuilds.names.includes(id), inBuilds.names.join())
      assert.deepEqual(await played('standards', turns), { result: standards, names: [] })
    })
  }

  test('have a row each', () => {
    assert.deepEqual([...rows.map(({ id }) => id), ...elsewhere].sort(), Object.keys(deviations).sort())
  })
})
