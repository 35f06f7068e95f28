import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { RecordingClient, ScriptedOrigin, StillClock } from '../../support/conversation-parties.ts'
import { readLine } from '../../support/conversation-script.ts'
import { Scene } from '../../support/scene.ts'

const url = 'http://origin.test/a'

/** What is told of a URL, and of a request for it, by a Larder that went offline after it had stored `directives`. */
async function offlineAfter(directives: string, seconds: number) {
  const clock = new StillClock()
  const origin = new ScriptedOrigin(clock)
  const scene = new Scene('builds', clock, origin)
  after(() => scene.close())
  const answer = readLine(`origin: 200 · Cache-Control: ${directives} · ETag: "1" · body one`)
  assert.equal(answer.who, 'origin')
  origin.willAnswer(answer, [])
  scene.ask({ method: 'GET', url, fields: [] }, new RecordingClient('GET'))
  await scene.settled()
  clock.pass(seconds * 1000)
  scene.goOffline()
  const { outcome, verdict } = await scene.explain(url, [])
  const exchange = scene.ask({ method: 'GET', url, fields: [] }, new RecordingClient('GET'))
  await scene.settled()
  return { outcome, verdict, past: scene.recall(exchange)!.verdict }
}

describe('Why, offline', () => {
  test('what is fresh would be a hit', async () => {
    assert.equal((await offlineAfter('max-age=60', 30)).outcome, 'hit')
  })

  test('what is stale would be served, and was', async () => {
    const { outcome, verdict, past } = await offlineAfter('max-age=60', 90)
    assert.equal(outcome, 'hit-stale')
    assert.match(verdict, /served from the store, as no origin is asked \(--offline\): stale for 30 s/)
    assert.match(past, /^Served from the store although stale, as no origin is asked \(--offline\)/)
  })

  test('what must be validated would be refused, and was', async () => {
    const { outcome, verdict, past } = await offlineAfter('max-age=60, must-revalidate', 90)
    assert.equal(outcome, 'refuse')
    assert.match(verdict, /ORIGIN_OFFLINE/)
    assert.match(past, /ORIGIN_OFFLINE: what is stored of origin\.test may not be used without asking it/)
  })
})
