import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault, type FaultCode, faults } from '../../../src/base/faults.ts'
import { backOffMs, isTransient, judgeStatus } from '../../../src/upstream/retry-schedule.ts'
import { targetOf } from '../../support/origin-fetching.ts'

const repeated: readonly FaultCode[] = [
  'ORIGIN_DNS_TIMEOUT',
  'ORIGIN_DNS_FAILED',
  'ORIGIN_CONNECT_REFUSED',
  'ORIGIN_CONNECT_TIMEOUT',
  'ORIGIN_CONNECTION_LOST',
  'ORIGIN_READ_TIMEOUT',
  'ORIGIN_HEAD_TIMEOUT',
  'ORIGIN_TRUNCATED',
  'ORIGIN_PARENT_FAILED',
  'ORIGIN_FTP_TRANSIENT',
]

describe('Before the head of a response', () => {
  for (const code of Object.keys(faults) as FaultCode[]) {
    const isRepeated = repeated.includes(code)
    test(`${code} is ${isRepeated ? 'worth another attempt' : 'final'}`, () => {
      assert.equal(isTransient(new Fault(code, 'x')), isRepeated)
    })
  }

  test('a name that does not exist is final', () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND' })
    assert.equal(isTransient(new Fault('ORIGIN_DNS_FAILED', 'x', { cause })), false)
  })
})

describe('The status of an answer', () => {
  const target = targetOf('http', 80, '/')
  for (const [method, status, verdict] of [
    ['GET', 200, 'works'],
    ['GET', 304, 'works'],
    ['GET', 404, 'works'],
    ['GET', 429, 'too-many'],
    ['GET', 500, 'works'],
    ['GET', 502, 'failed'],
    ['GET', 503, 'failed'],
    ['HEAD', 504, 'failed'],
    ['POST', 429, 'works'],
    ['POST', 503, 'unclear'],
  ] as const) {
    test(`${status} to ${method}: ${verdict}`, () => {
      assert.equal(judgeStatus({ method, target, fields: [] }, status), verdict)
    })
  }
})

describe('The pause before an attempt', () => {
  test('grows from attempt to attempt up to a limit', () => {
    const longest = [2, 3, 4, 5, 6, 7, 20].map((number) => backOffMs(number, () => 1))
    assert.deepEqual(longest, [300, 600, 1200, 2400, 4800, 5000, 5000])
  })

  test('is anything from nothing to that, by chance', () => {
    assert.equal(
      backOffMs(5, () => 0),
      0,
    )
    assert.equal(
      backOffMs(5, () => 0.25),
      600,
    )
  })
})
