import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import type { LarderEvent } from '../../../src/base/events.ts'
import { Fault } from '../../../src/base/faults.ts'
import { LeafContexts } from '../../../src/ca/leaf-contexts.ts'
import { builder, dayMs, hourMs, makeAuthority, SetClock, TestFolder } from './authority-fixture.ts'

const start = Date.UTC(2026, 10, 21)

/** Contexts under a clock that the test sets, the names issued so far, and the ends of the leaves. */
class Issuing implements Disposable {
  readonly #folder = new TestFolder()
  readonly clock = new SetClock(start)
  readonly authority = makeAuthority(this.#folder.ca, { clock: this.clock })
  readonly issued: string[] = []
  readonly ends: number[] = []
  readonly leaves: LeafContexts

  constructor(maxCount?: number) {
    const { clock, authority } = this
    const observer = (event: LarderEvent): void => {
      if (event.kind === 'leaf-issued') this.issued.push(event.serverName)
    }
    const spy: typeof builder = {
      build: (content, sign) => {
        this.ends.push(content.notAfterAt)
        return builder.build(content, sign)
      },
    }
    const bound = maxCount === undefined ? {} : { maxCount }
    this.leaves = new LeafContexts({ authority, builder: spy, clock, observer, ...bound })
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}

describe('Contexts of leaves', () => {
  test('are made once a name, however it is spelled', () => {
    using issuing = new Issuing()
    const { leaves, issued } = issuing
    const first = leaves.contextFor('example.test')
    for (const spelling of ['example.test', 'EXAMPLE.test', 'example.test.']) {
      assert.equal(leaves.contextFor(spelling), first)
    }
    assert.equal(leaves.contextFor('::1'), leaves.contextFor('0:0:0:0:0:0:0:1'))
    assert.notEqual(leaves.contextFor('other.test'), first)
    assert.deepEqual(issued, ['example.test', '::1', 'other.test'])
  })

  test('are issued again at two thirds of their life, and not before', () => {
    using issuing = new Issuing()
    const { leaves, clock, issued, ends } = issuing
    const first = leaves.contextFor('example.test')
    const lifeMs = ends.at(-1)! - start
    assert.equal(lifeMs, 6 * dayMs - 1_000)
    clock.at = start + Math.floor((lifeMs * 2) / 3) - 1
    assert.equal(leaves.contextFor('example.test'), first)
    clock.at += 2
    assert.notEqual(leaves.contextFor('example.test'), first)
    assert.equal(issued.length, 2)
  })

  test('are issued again when the clock was set back before they are valid', () => {
    using issuing = new Issuing()
    const { leaves, clock, issued } = issuing
    clock.at = start + 30 * dayMs
    leaves.contextFor('example.test')
    clock.at = start + 29 * dayMs
    leaves.contextFor('example.test')
    assert.equal(issued.length, 1)
    clock.at -= 1
    leaves.contextFor('example.test')
    assert.equal(issued.length, 2)
  })

  test('never outlive the CA, and end with it', () => {
    using issuing = new Issuing()
    const { leaves, clock, authority, issued, ends } = issuing
    clock.at = authority.notAfterAt - hourMs
    leaves.contextFor('example.test')
    assert.equal(ends.at(-1), authority.notAfterAt)
    clock.at = authority.notAfterAt - hourMs / 2
    leaves.contextFor('example.test')
    assert.equal(issued.length, 1, 'an hour before the end the leaf still lives two thirds of the rest')
    clock.at = authority.notAfterAt + 1
    assert.throws(
      () => leaves.contextFor('example.test'),
      (error) =>
        error instanceof Fault && error.code === 'CA_ISSUE_FAILED' && /the CA is not valid now/.test(error.message),
    )
  })

  test('are bounded: the one not used for longest is dropped', () => {
    using issuing = new Issuing(2)
    const { leaves, issued } = issuing
    for (const name of ['a.test', 'b.test', 'a.test', 'c.test', 'a.test']) leaves.contextFor(name)
    assert.deepEqual(issued, ['a.test', 'b.test', 'c.test'])
    leaves.contextFor('b.test')
    assert.deepEqual(issued, ['a.test', 'b.test', 'c.test', 'b.test'])
  })

  test('are refused for what is no server name, and nothing is kept or reported', () => {
    using issuing = new Issuing()
    for (const name of ['', '../../etc/x', 'a b', '[::1]', '*.example.test', 'a\0.test', 'a'.repeat(64)]) {
      assert.throws(
        () => issuing.leaves.contextFor(name),
        (error) =>
          error instanceof Fault && error.code === 'CA_ISSUE_FAILED' && error.message.includes(JSON.stringify(name)),
      )
    }
    assert.deepEqual(issuing.issued, [])
  })

  test('show no key when they are inspected', () => {
    using issuing = new Issuing()
    issuing.leaves.contextFor('example.test')
    const shown = inspect(issuing.leaves, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    assert.doesNotMatch(shown + JSON.stringify(issuing.leaves), /PRIVATE|ticket/i)
  })
})
