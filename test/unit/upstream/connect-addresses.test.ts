import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { EventEmitter } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { connectAddresses } from '../../../src/upstream/connect-addresses.ts'
import { startBlackHole } from '../../support/black-hole.ts'
import { HandClock } from '../../support/hand-clock.ts'

const four = (address: string): LookupAddress => ({ address, family: 4 })
const six = (address: string): LookupAddress => ({ address, family: 6 })

/** A connection that is as far as the test says. */
class HandSocket extends EventEmitter {
  isDestroyed = false
  destroy(): void {
    this.isDestroyed = true
  }
}

/** Descriptors of this process that are sockets. */
function openSocketCount(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

class Scene {
  readonly clock = new HandClock()
  readonly sockets = new Map<string, HandSocket>()
  readonly ends: (Error | Socket | undefined)[] = []
  readonly stop: () => void

  constructor(addresses: readonly LookupAddress[]) {
    const dial = ({ address }: LookupAddress): Socket => {
      const socket = new HandSocket()
      this.sockets.set(address, socket)
      return socket as unknown as Socket
    }
    this.stop = connectAddresses(addresses, { port: 80, timers: this.clock, dial }, (error, socket) =>
      this.ends.push(error ?? socket),
    )
  }

  get tried(): string[] {
    return [...this.sockets.keys()]
  }

  of(address: string): HandSocket {
    return this.sockets.get(address)!
  }

  fail(address: string, code: string): void {
    this.of(address).emit('error', Object.assign(new Error(`connect ${code} ${address}`), { code }))
  }

  get openCount(): number {
    return [...this.sockets.values()].filter(({ isDestroyed }) => !isDestroyed).length
  }
}

describe('Connecting to several addresses (RFC 8305)', () => {
  test('takes families by turns, and the next address every 250 ms while none answers', async () => {
    const scene = new Scene([six('::1'), six('::2'), six('::3'), four('192.0.2.1'), four('192.0.2.2')])
    assert.deepEqual(scene.tried, ['::1'])
    await scene.clock.pass(249)
    assert.deepEqual(scene.tried, ['::1'])
    await scene.clock.pass(1)
    assert.deepEqual(scene.tried, ['::1', '192.0.2.1'])
    await scene.clock.pass(10_000)
    assert.deepEqual(scene.tried, ['::1', '192.0.2.1', '::2', '192.0.2.2', '::3'])
    assert.equal(scene.clock.waitingCount, 0)
    scene.stop()
    assert.equal(scene.openCount, 0)
    assert.deepEqual(scene.ends, [])
  })

  test('tries the next address at once when one fails', async () => {
    const scene = new Scene([six('::1'), four('192.0.2.1'), four('192.0.2.2')])
    scene.fail('::1', 'ENETUNREACH')
    assert.deepEqual(scene.tried, ['::1', '192.0.2.1'])
    await scene.clock.pass(249)
    assert.equal(scene.tried.length, 2)
    await scene.clock.pass(1)
    assert.equal(scene.tried.length, 3)
    scene.stop()
  })

  test('takes the first that answers, late ones included, and drops the others', async () => {
    const scene = new Scene([six('::1'), four('192.0.2.1'), four('192.0.2.2')])
    await scene.clock.pass(250)
    scene.of('::1').emit('connect')
    assert.deepEqual(scene.ends, [scene.of('::1')])
    assert.equal(scene.of('192.0.2.1').isDestroyed, true)
    assert.equal(scene.of('::1').isDestroyed, false)
    await scene.clock.pass(10_000)
    assert.equal(scene.tried.length, 2)
    assert.equal(scene.clock.waitingCount, 0)
  })

  test('fails with the last code and all reasons, when the last of them has failed', async () => {
    const scene = new Scene([six('::1'), four('192.0.2.1')])
    await scene.clock.pass(250)
    scene.fail('192.0.2.1', 'ECONNREFUSED')
    assert.deepEqual(scene.ends, [])
    scene.fail('::1', 'EHOSTUNREACH')
    const error = scene.ends[0] as unknown as Error & { code: string }
    assert.equal(error.code, 'EHOSTUNREACH')
    assert.equal(error.message, 'connect ECONNREFUSED 192.0.2.1; connect EHOSTUNREACH ::1')
    assert.equal(scene.ends.length, 1)
  })

  test('leaves none open but the one that won: ::1 refuses, 127.0.0.2 is silent, 127.0.0.3 answers', async (t) => {
    const server: Server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.3', resolve))
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const blackHole = await startBlackHole('127.0.0.2', port)
    t.after(() => blackHole.stop())
    const before = openSocketCount()
    const served = new Promise<Socket>((resolve) => server.once('connection', resolve))
    const socket = await new Promise<Socket>((resolve, reject) => {
      const addresses = [six('::1'), four('127.0.0.2'), four('127.0.0.3')]
      connectAddresses(addresses, { port }, (error, won) => (error === undefined ? resolve(won!) : reject(error)))
    })
    assert.equal(socket.remoteAddress, '127.0.0.3')
    ;(await served).destroy()
    assert.equal(openSocketCount(), before + 1)
    socket.destroy()
  })
})
