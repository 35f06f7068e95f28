import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OriginCircuit } from '../../../src/upstream/origin-circuit.ts'
import { HandClock } from '../../support/hand-clock.ts'

function fail(circuit: OriginCircuit, count: number): void {
  for (let i = 0; i < count; i += 1) circuit.failed()
}

describe('The circuit of an origin', () => {
  test('opens after sixteen failures in a row', () => {
    const circuit = new OriginCircuit(new HandClock())
    fail(circuit, 15)
    assert.equal(circuit.state, 'closed')
    assert.equal(circuit.admits(), true)
    fail(circuit, 1)
    assert.equal(circuit.state, 'open')
    assert.equal(circuit.admits(), false)
  })

  test('stays closed while a success stands between failures', () => {
    const circuit = new OriginCircuit(new HandClock())
    fail(circuit, 15)
    circuit.succeeded()
    fail(circuit, 15)
    assert.equal(circuit.state, 'closed')
  })

  test('lets one probe through after a second, and closes when it succeeds', async () => {
    const clock = new HandClock()
    const circuit = new OriginCircuit(clock)
    fail(circuit, 16)
    await clock.pass(999)
    assert.equal(circuit.admits(), false)
    await clock.pass(1)
    assert.equal(circuit.state, 'half-open')
    assert.deepEqual([circuit.admits(), circuit.admits(), circuit.admits()], [true, false, false])
    assert.equal(circuit.state, 'half-open')
    circuit.succeeded()
    assert.equal(circuit.state, 'closed')
    assert.deepEqual([circuit.admits(), circuit.admits()], [true, true])
  })

  test('opens for another second when the probe fails', async () => {
    const clock = new HandClock()
    const circuit = new OriginCircuit(clock)
    fail(circuit, 16)
    await clock.pass(1_000)
    assert.equal(circuit.admits(), true)
    circuit.failed()
    assert.equal(circuit.state, 'open')
    assert.equal(circuit.admits(), false)
    await clock.pass(1_000)
    assert.equal(circuit.admits(), true)
  })

  test('sends another probe when one hangs', async () => {
    const clock = new HandClock()
    const circuit = new OriginCircuit(clock)
    fail(circuit, 16)
    await clock.pass(1_000)
    assert.equal(circuit.admits(), true)
    await clock.pass(1_000)
    assert.equal(circuit.admits(), true)
  })

  test('is not kept open by failures of requests that were under way', async () => {
    const clock = new HandClock()
    const circuit = new OriginCircuit(clock)
    fail(circuit, 16)
    await clock.pass(900)
    fail(circuit, 20)
    await clock.pass(100)
    assert.equal(circuit.admits(), true)
  })
})

describe('What a circuit tells', () => {
  test('is for how long it has not been closed, and when the next probe may go', async () => {
    const clock = new HandClock()
    const circuit = new OriginCircuit(clock)
    assert.deepEqual([circuit.openForMs, circuit.nextProbeInMs, circuit.failureCount], [0, 0, 0])
    fail(circuit, 16)
    await clock.pass(400)
    assert.deepEqual([circuit.openForMs, circuit.nextProbeInMs, circuit.failureCount], [400, 600, 16])
    await clock.pass(1_600)
    assert.deepEqual([circuit.openForMs, circuit.nextProbeInMs], [2_000, 0])
  })

  test('is that it opened, or closed, by what happened: once', () => {
    const circuit = new OriginCircuit(new HandClock())
    assert.equal(circuit.succeeded(), false)
    fail(circuit, 15)
    assert.deepEqual([circuit.failed(), circuit.failed()], [true, false])
    assert.deepEqual([circuit.succeeded(), circuit.succeeded()], [true, false])
  })
})
