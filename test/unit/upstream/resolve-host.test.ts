import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemResolver } from '../../../src/upstream/resolve-host.ts'

test('questions for a name that is being asked share the answer, later ones ask again', async () => {
  const asked: string[] = []
  const answers: ((address: string) => void)[] = []
  const resolve = systemResolver((host) => {
    asked.push(host)
    return new Promise((settle) => answers.push((address) => settle([{ address, family: 4 }])))
  })
  const first = resolve('a.test')
  const second = resolve('a.test')
  const other = resolve('b.test')
  answers[0]!('192.0.2.1')
  answers[1]!('192.0.2.2')
  assert.deepEqual(await first, await second)
  assert.deepEqual(await other, [{ address: '192.0.2.2', family: 4 }])
  const third = resolve('a.test')
  answers[2]!('192.0.2.3')
  assert.deepEqual(await third, [{ address: '192.0.2.3', family: 4 }])
  assert.deepEqual(asked, ['a.test', 'b.test', 'a.test'])
})

test('a failure is not remembered', async () => {
  let count = 0
  const resolve = systemResolver(async () => {
    count += 1
    if (count === 1) throw new Error('not now')
    return []
  })
  await assert.rejects(resolve('a.test'), /not now/)
  assert.deepEqual(await resolve('a.test'), [])
})

test('the system knows localhost', async () => {
  const addresses = await systemResolver()('localhost')
  assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
})
