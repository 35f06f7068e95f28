import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openServiceManager } from '../../../src/app/service-manager.ts'

/** A program in the place of systemd-notify, which writes down what it is told. */
function notifier(context: TestContext): { program: string; told(line: string): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'larder-notify-'))
  // The watchdog is told of us until this process ends; the program may be writing at this moment.
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const log = join(folder, 'log')
  const program = join(folder, 'notify')
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>"${log}"\n`)
  chmodSync(program, 0o755)
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [])
  return {
    program,
    told: async (line) => {
      while (!lines().includes(line)) await new Promise((resolve) => setTimeout(resolve, 10))
    },
  }
}

const PATH = process.env.PATH
const unexpected = (reason: string): void => assert.fail(reason)

describe('The service manager', () => {
  test('is told of readiness, of being alive as its watchdog wants, and of the end', async (context) => {
    const { program, told } = notifier(context)
    const environment = { PATH, NOTIFY_SOCKET: '@bus', WATCHDOG_USEC: '60000', WATCHDOG_PID: '42' }
    const failures: string[] = []
    const manager = openServiceManager({ environment, pid: 42, onFailure: (why) => failures.push(why), program })
    manager.ready('listening on 127.0.0.1:3128')
    await told('@bus READY=1 STATUS=listening on 127.0.0.1:3128')
    await told('@bus WATCHDOG=1')
    manager.stopping('finishing what runs')
    await told('@bus STOPPING=1 STATUS=finishing what runs')
    assert.deepEqual(failures, [])
  })

  test('is told nothing when there is none', () => {
    const manager = openServiceManager({ environment: { PATH }, pid: 42, onFailure: unexpected, program: '/no/such' })
    manager.ready('x')
    manager.stopping('x')
  })

  test('that cannot be told is spoken of once, and the daemon goes on', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const environment = { PATH, NOTIFY_SOCKET: '@bus' }
    const manager = openServiceManager({ environment, pid: 42, onFailure: resolve, program: '/no/such/program' })
    manager.ready('x')
    assert.equal(await promise, 'the service manager cannot be told how we do: /no/such/program: ENOENT')
  })
})
