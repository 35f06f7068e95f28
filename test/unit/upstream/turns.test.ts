import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { Turns } from '../../../src/upstream/turns.ts'

test('turns are given in order, so many at a time, each origin by itself', async () => {
  const turns = new Turns(1)
  const order: string[] = []
  const first = await turns.take('a')
  const second = turns.take('a').then((giveBack) => {
    order.push('second')
    return giveBack
  })
  const third = turns.take('a').then((giveBack) => {
    order.push('third')
    return giveBack
  })
  const other = await turns.take('b')
  order.push('other')
  first()
  first()
  const giveBack = await second
  assert.deepEqual(order, ['other', 'second'])
  giveBack()
  ;(await third)()
  other()
  assert.deepEqual(order, ['other', 'second', 'third'])
})

test('the thousand-and-first that would wait is refused', async () => {
  const turns = new Turns(1)
  await turns.take('a')
  const waiting = Array.from({ length: 1000 }, () => turns.take('a'))
  await assert.rejects(turns.take('a'), (error) => error instanceof Fault && error.code === 'ORIGIN_BUSY')
  assert.equal(waiting.length, 1000)
})
