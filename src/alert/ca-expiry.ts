import type { Clock, Timers } from '../base/clock.ts'
import type { Occurrence } from './causes.ts'

const dayMs = 24 * 3_600_000
/** Days before the end of the CA at which people are told. */
const warnDays = [30, 7, 1, 0]

export interface CaExpiryOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** Milliseconds since the epoch. */
  readonly notAfterAt: number
  readonly raise: (occurrence: Occurrence) => void
}

/** Looks at the CA's end now and every day; answers the function that stops it. Each of the steps is told once. */
export function watchCaExpiry({ clock, timers, notAfterAt, raise }: CaExpiryOptions): () => void {
  let toldDays = Infinity
  let callOff = (): void => {}
  const look = (): void => {
    const leftDays = (notAfterAt - clock.now()) / dayMs
    const step = warnDays.findLast((days) => leftDays <= days)
    if (step !== undefined && step < toldDays) {
      toldDays = step
      raise(occurrenceOf(step, notAfterAt))
    }
    callOff = timers.after(dayMs, look)
  }
  look()
  return () => callOff()
}

function occurrenceOf(step: number, notAfterAt: number): Occurrence {
  const end = new Date(notAfterAt).toISOString()
  const detail = step === 0 ? `It ended at ${end}.` : `It ends at ${end}, within ${step} days.`
  return { kind: 'occurred', code: 'CA_EXPIRING', fault: undefined, subject: `CA within ${step} days`, detail }
}
