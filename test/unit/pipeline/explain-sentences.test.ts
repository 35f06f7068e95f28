import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { results } from '../../../src/base/results.ts'
import { Fields } from '../../../src/http/fields.ts'
import { pastSentence, spanText } from '../../../src/pipeline/explain-sentences.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

describe('Sentences of explanations', () => {
  const spans: readonly (readonly [seconds: number, text: string])[] = [
    [0.4, 'less than 1 s'],
    [-12, '12 s'],
    [60, '1 min'],
    [598.9, '9 min 58 s'],
    [3605, '1 h'],
    [3660, '1 h 1 min'],
    [90_000, '1 d 1 h'],
    [86_400 * 30, '30 d'],
    [Number.POSITIVE_INFINITY, 'ever'],
  ]
  for (const [seconds, text] of spans) {
    test(`write ${seconds} s as ${text}`, () => assert.equal(spanText(seconds), text))
  }

  test('tell of every result in one sentence, and what was stored in another', () => {
    for (const result of Object.keys(results) as (keyof typeof results)[]) {
      const said = pastSentence(exchangeEvent({ result, stored: 'no-store' }), undefined, new Fields([]))
      assert.match(said, /^[A-Z][^.]+\. It was not stored: no-store forbids it\.$/)
      const failed = pastSentence(
        exchangeEvent({ result, fault: 'ORIGIN_TRUNCATED', detail: 'cut', stored: 'origin-fault' }),
        undefined,
        new Fields([]),
      )
      assert.match(failed, /^[A-Z][^.]+\.$/)
    }
  })

  test('name the origin that answered in place of the asked one', () => {
    const event = exchangeEvent({ result: 'miss', mirror: 'b.test' })
    assert.equal(
      pastSentence(event, undefined, new Fields([])),
      'Fetched from the origin: nothing was stored under the key, from b.test in place of the asked origin.',
    )
  })
})
