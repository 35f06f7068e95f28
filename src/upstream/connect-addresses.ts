import type { LookupAddress } from 'node:dns'
import { connect, type Socket } from 'node:net'
import { systemTimers, type Timers } from '../base/clock.ts'
import { codeOf } from './connect-faults.ts'

/** How long an address may take before the next one is tried beside it (RFC 8305 section 5, Connection Attempt Delay). */
const attemptDelayMs = 250
const keepAliveProbeMs = 60_000

export interface AddressOptions {
  readonly port: number
  readonly timers?: Timers
  /** Begins to connect; the socket says `connect` or `error`. */
  readonly dial?: (address: LookupAddress, port: number) => Socket
}

/** Called once: with a connected socket, or with the error. */
export type AddressConnected = (error: Error | undefined, socket: Socket | undefined) => void

/**
 * Connects to the first of the addresses that answers, as RFC 8305 has it: families by turns, the next address when one
 * fails or takes long, the others dropped as soon as one is there. Answers the function that gives up. At least one
 * address is needed.
 */
export function connectAddresses(
  addresses: readonly LookupAddress[],
  options: AddressOptions,
  connected: AddressConnected,
): () => void {
  const race = new Race(addresses.length > 1 ? byTurns(addresses) : addresses, options, connected)
  race.next()
  return () => race.stop()
}

/** The family of the first address begins; within a family, the resolver's order is kept (RFC 8305 section 4). */
export function byTurns(addresses: readonly LookupAddress[]): readonly LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]!.family)
  const other = addresses.filter(({ family }) => family !== addresses[0]!.family)
  const mixed: LookupAddress[] = []
  for (let i = 0; i < first.length || i < other.length; i += 1) {
    if (i < first.length) mixed.push(first[i]!)
    if (i < other.length) mixed.push(other[i]!)
  }
  return mixed
}

class Race {
  readonly #addresses: readonly LookupAddress[]
  readonly #port: number
  readonly #timers: Timers
  readonly #dial: (address: LookupAddress, port: number) => Socket
  readonly #connected: AddressConnected
  readonly #running = new Set<Socket>()
  readonly #errors: Error[] = []
  #startedCount = 0
  #callOff = (): void => {}

  constructor(
    addresses: readonly LookupAddress[],
    { port, timers = systemTimers, dial = dialAddress }: AddressOptions,
    connected: AddressConnected,
  ) {
    this.#addresses = addresses
    this.#port = port
    this.#timers = timers
    this.#dial = dial
    this.#connected = connected
  }

  /** Starts with the next address, if there is one. */
  next(): void {
    this.#callOff()
    const address = this.#addresses[this.#startedCount]
    if (address === undefined) return
    this.#startedCount += 1
    if (this.#startedCount < this.#addresses.length) {
      this.#callOff = this.#timers.after(attemptDelayMs, () => this.next())
    }
    const socket = this.#dial(address, this.#port)
    this.#running.add(socket)
    const lost = (error: Error): void => this.#lost(socket, error)
    socket.once('error', lost)
    socket.once('connect', () => {
      this.#running.delete(socket)
      socket.off('error', lost)
      this.stop()
      this.#connected(undefined, socket)
    })
  }

  stop(): void {
    this.#callOff()
    for (const socket of this.#running) socket.destroy()
    this.#running.clear()
    this.#startedCount = this.#addresses.length
  }

  #lost(socket: Socket, error: Error): void {
    if (!this.#running.delete(socket)) return
    this.#errors.push(error)
    if (this.#startedCount < this.#addresses.length) this.next()
    else if (this.#running.size === 0) this.#connected(joined(this.#errors), undefined)
  }
}

function dialAddress({ address, family }: LookupAddress, port: number): Socket {
  return connect({
    host: address,
    port,
    family,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveProbeMs,
  })
}

/** All that was said, under the code of the last address. */
function joined(errors: readonly Error[]): Error {
  const last = errors.at(-1)!
  if (errors.length === 1) return last
  const message = [...new Set(errors.map((error) => error.message))].join('; ')
  return Object.assign(new AggregateError(errors, message), { code: codeOf(last) })
}
