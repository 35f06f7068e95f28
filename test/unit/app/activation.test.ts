import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { passedSockets } from '../../../src/app/activation.ts'
import { Fault } from '../../../src/base/faults.ts'

const passed = (LISTEN_FDS: string, LISTEN_FDNAMES?: string, LISTEN_PID = '42') =>
  passedSockets({ LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES }, 42)

describe('Passed sockets', () => {
  test('are taken by their names', () => {
    assert.deepEqual(passed('3', 'proxy:admin:proxy'), { proxy: [{ fd: 3 }, { fd: 5 }], admin: { fd: 4 } })
    assert.deepEqual(passed('1', 'proxy'), { proxy: [{ fd: 3 }], admin: undefined })
  })

  test('without names are all for the proxy', () => {
    assert.deepEqual(passed('2'), { proxy: [{ fd: 3 }, { fd: 4 }], admin: undefined })
    assert.deepEqual(passed('1', ''), { proxy: [{ fd: 3 }], admin: undefined })
  })

  test('are none without variables, with a count of 0, or when the variables are for another process', () => {
    assert.equal(passedSockets({}, 42), undefined)
    assert.equal(passed('0'), undefined)
    assert.equal(passed('1', 'proxy', '43'), undefined)
    assert.equal(passedSockets({ LISTEN_FDS: '1' }, 42), undefined)
  })

  const wrong: readonly [string, string, string | undefined, RegExp][] = [
    ['another name', '2', 'proxy:http', /"http", expected proxy or admin/],
    ['too few names', '2', 'proxy', /LISTEN_FDS is 2, and LISTEN_FDNAMES has 1/],
    ['no proxy', '1', 'admin', /none of the sockets is named proxy/],
    ['two for admin', '3', 'proxy:admin:admin', /more than one/],
    ['no number', 'many', undefined, /LISTEN_FDS is "many"/],
    ['a negative number', '-1', undefined, /LISTEN_FDS is "-1"/],
    ['too many', '65', undefined, /LISTEN_FDS is "65"/],
  ]
  for (const [name, count, names, message] of wrong) {
    test(`with ${name} are refused`, () => {
      assert.throws(
        () => passed(count, names),
        (error) => error instanceof Fault && error.code === 'LISTEN_FAILED' && message.test(error.message),
      )
    })
  }
})
