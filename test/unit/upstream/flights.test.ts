import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { Flights } from '../../../src/upstream/flights.ts'

test('a key has one flight until it lands', () => {
  const flights = new Flights<string>()
  assert.equal(flights.find('a'), undefined)
  const flight = flights.begin('a')!
  assert.equal(flights.find('a'), flight)
  assert.equal(flights.begin('a'), undefined)
  assert.notEqual(flights.begin('b'), undefined)
  flight.land()
  assert.equal(flights.find('a'), undefined)
  assert.equal(flights.count, 1)
})

test('followers hear the first announcement only', async () => {
  const flight = new Flights<string>().begin('a')!
  flight.announce('first')
  flight.announce('second')
  flight.land()
  assert.equal(await flight.outcome, 'first')
})

test('followers are not left waiting by a flight that lands without a word', async () => {
  const flight = new Flights<string>().begin('a')!
  flight.land()
  await assert.rejects(flight.outcome, (error) => error instanceof Fault && error.code === 'INTERNAL_UNEXPECTED')
})

test('landing twice does not end a later flight of the same key', () => {
  const flights = new Flights<string>()
  const first = flights.begin('a')!
  first.land()
  const second = flights.begin('a')!
  first.land()
  assert.equal(flights.find('a'), second)
})

test('a full table answers undefined, and takes flights again after a landing', () => {
  const flights = new Flights<string>(2)
  const first = flights.begin('a')!
  flights.begin('b')
  assert.equal(flights.begin('c'), undefined)
  first.land()
  assert.notEqual(flights.begin('c'), undefined)
})
