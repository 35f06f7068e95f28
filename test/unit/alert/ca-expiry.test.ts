import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Alerts } from '../../../src/alert/alerts.ts'
import { watchCaExpiry } from '../../../src/alert/ca-expiry.ts'
import { HandClock } from '../../support/hand-clock.ts'

const day = 24 * 3_600_000

describe('The end of the CA', () => {
  const watched = (daysLeft: number): { clock: HandClock; told: string[]; stop: () => void } => {
    const clock = new HandClock()
    const told: string[] = []
    const alerts = new Alerts({
      clock,
      timers: clock,
      windowMs: 300_000,
      source: 'host.test',
      newId: () => 'id',
      tell: ({ status, code, subject }) => told.push(`${status} ${code} ${subject}`),
    })
    const raise = (occurrence: Parameters<typeof alerts.raise>[0]): void => alerts.raise(occurrence, true)
    const unwatch = watchCaExpiry({ clock, timers: clock, notAfterAt: clock.now() + daysLeft * day, raise })
    const stop = (): void => {
      unwatch()
      alerts.close()
    }
    return { clock, told, stop }
  }

  test('is told 30 days, 7 days and a day before it, and when it has come, each once', async () => {
    const { clock, told, stop } = watched(40)
    await clock.pass(9 * day)
    assert.deepEqual(told, [])
    await clock.pass(40 * day)
    assert.deepEqual(told, [
      'firing CA_EXPIRING CA within 30 days',
      'firing CA_EXPIRING CA within 7 days',
      'firing CA_EXPIRING CA within 1 days',
      'firing CA_EXPIRING CA within 0 days',
    ])
    stop()
    assert.equal(clock.waitingCount, 0)
  })

  test('is told at the start when it is near', () => {
    const { told, stop } = watched(3)
    assert.deepEqual(told, ['firing CA_EXPIRING CA within 7 days'])
    stop()
  })
})
