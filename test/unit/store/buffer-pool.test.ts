import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BufferPool } from '../../../src/store/buffer-pool.ts'

const kib = 1024

describe('Buffer pool', () => {
  test('a buffer is never longer than asked, and large only for a large question', () => {
    const pool = new BufferPool()
    assert.equal(pool.take(1).length, 1)
    assert.equal(pool.take(64 * kib).length, 64 * kib)
    assert.equal(pool.take(1024 * kib).length, 1024 * kib)
    assert.ok(pool.take(64 * 1024 * kib).length <= 1024 * kib)
  })

  test('what is given back is lent again, also when a part of it was given back', () => {
    const pool = new BufferPool()
    const first = pool.take(64 * kib)
    pool.give(first.subarray(10, 20))
    assert.equal(pool.lentBytes, 0)
    assert.equal(pool.take(64 * kib).buffer, first.buffer)
  })

  test('no buffer is lent to two at once, even when one is given back twice', () => {
    const pool = new BufferPool()
    const first = pool.take(64 * kib)
    pool.give(first)
    pool.give(first)
    const [one, other] = [pool.take(64 * kib), pool.take(64 * kib)]
    one.fill(1)
    other.fill(2)
    assert.ok(one.every((byte) => byte === 1))
  })

  test('memory beyond what is kept for later is let go', () => {
    const pool = new BufferPool()
    const lent = Array.from({ length: 600 }, () => pool.take(64 * kib))
    for (const buffer of lent) pool.give(buffer)
    assert.ok(pool.freeBytes <= 17 * 1024 * kib, `${pool.freeBytes} bytes`)
  })

  test('while others are lent, memory beyond that is lent again, in whatever size, before more is made', () => {
    const pool = new BufferPool()
    const lent = Array.from({ length: 600 }, () => pool.take(64 * kib))
    const memories = [...new Set(lent.map(({ buffer }) => buffer))]
    for (const buffer of lent.slice(1)) pool.give(buffer)
    const again = Array.from({ length: 20 }, () => pool.take(1024 * kib))
    const places = again.map(({ buffer, byteOffset }) => `${memories.indexOf(buffer)}:${byteOffset}`)
    assert.ok(
      places.every((place) => !place.startsWith('-')),
      places.join(' '),
    )
    assert.equal(new Set(places).size, again.length)
  })

  test("others' buffers are left alone", () => {
    const pool = new BufferPool()
    const mine = Buffer.alloc(64 * kib)
    pool.give(mine)
    assert.equal(pool.lentBytes, 0)
    assert.notEqual(pool.take(64 * kib).buffer, mine.buffer)
  })

  test('the more is lent, the smaller the buffers: 600 readers hold less than 100 MiB (CORRECTNESS I7)', () => {
    const pool = new BufferPool()
    const lent = Array.from({ length: 600 }, () => pool.take(1024 * kib))
    assert.ok(pool.lentBytes <= 100 * 1024 * kib, `${pool.lentBytes} bytes`)
    assert.equal(lent.at(-1)!.length, 64 * kib)
    for (const buffer of lent) pool.give(buffer)
    assert.equal(pool.lentBytes, 0)
  })
})
