import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { breaches } from '../../journey/conformance/rule.ts'
import type { BehaviourGroup, Kind, RawResults } from '../../journey/conformance/suite.ts'
import { type Judged, judge, type Verdict } from '../../journey/conformance/verdicts.ts'

const groups: readonly BehaviourGroup[] = [
  {
    id: 'one',
    name: 'One',
    tests: [
      { id: 'base', name: 'base' },
      { id: 'built-on-base', name: 'built on base', depends_on: ['base'] },
      { id: 'built-on-that', name: 'built on that', depends_on: ['built-on-base'], kind: 'optimal' },
    ],
  },
]

const verdicts = (results: RawResults): string[] =>
  judge(groups, { results, statuses: {} }).map(({ id, verdict, message }) => `${id} ${verdict} ${message}`.trim())

describe('The verdict on a behaviour', () => {
  test('is passed when it holds and all that it depends on', () => {
    assert.deepEqual(verdicts({ base: true, 'built-on-base': true, 'built-on-that': true }), [
      'base passed',
      'built-on-base passed',
      'built-on-that passed',
    ])
  })

  test('is failed when an assertion failed, or anything else went wrong after the setup', () => {
    const results = {
      base: true,
      'built-on-base': ['Assertion', 'no Age'],
      'built-on-that': ['Error', 'hung up'],
    } as const
    assert.deepEqual(verdicts(results), [
      'base passed',
      'built-on-base failed no Age',
      'built-on-that unjudged depends on built-on-base',
    ])
  })

  test('is unjudged when the setup failed, when it never ran, and when what it depends on does not hold', () => {
    assert.deepEqual(verdicts({ base: ['Setup', 'retry'], 'built-on-base': true }), [
      'base unjudged setup: retry',
      'built-on-base unjudged depends on base',
      'built-on-that unjudged it did not run',
    ])
  })
})

const row = (id: string, kind: Kind, verdict: Verdict): Judged => ({
  id,
  name: id,
  group: 'One',
  kind,
  verdict,
  message: 'why',
  statuses: [200, 502],
})
const exception = { reason: 'reason', message: 'why', statuses: [200, 502] }
const optional = (passed: number, failed: number): Judged[] => [
  ...Array.from({ length: passed }, (_, at) => row(`better-${at}`, 'optimal', 'passed')),
  ...Array.from({ length: failed }, (_, at) => row(`other-${at}`, 'optimal', 'failed')),
]

describe('The rule of the conformance tests', () => {
  test('is broken by a required behaviour that fails or stays unjudged', () => {
    assert.deepEqual(breaches([row('a', 'required', 'failed'), row('b', 'required', 'unjudged')], {}), [
      'a failed: a: why (200, 502)',
      'b unjudged: b: why (200, 502)',
    ])
  })

  test('is kept by a failure that is excepted, and by answers to what was only asked', () => {
    assert.deepEqual(breaches([row('a', 'required', 'failed'), row('b', 'check', 'failed')], { a: exception }), [])
  })

  test('is broken by an exception that fails in another way than was written down', () => {
    const failed = [row('a', 'required', 'failed')]
    for (const other of [
      { ...exception, message: 'another' },
      { ...exception, statuses: [200, 200] },
    ]) {
      assert.deepEqual(breaches(failed, { a: other }), ['a failed: a: why (200, 502)'])
    }
  })

  test('is broken by an exception that passes or that is for nothing required', () => {
    assert.deepEqual(breaches([row('a', 'required', 'passed')], { a: exception, gone: exception }), [
      'a is an exception, but passes: take it out',
      'gone is an exception, but no required behaviour',
    ])
  })

  test('is broken when less than nine of ten optional choices are the better', () => {
    assert.deepEqual(breaches(optional(9, 1), {}), [])
    assert.deepEqual(breaches(optional(8, 1), {}), ['only 8 of 9 optional choices are the better'])
  })
})
