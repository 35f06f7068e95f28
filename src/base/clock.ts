/** The one place that asks the machine what time it is. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start; never jumps. Durations are taken from it (CORRECTNESS T35). */
  elapsed(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}

/** The one way to wait for a time, so that a test can let it pass. */
export interface Timers {
  /** Calls `due` once after `ms` milliseconds; answers the function that calls it off. */
  after(ms: number, due: () => void): () => void
}

export const systemTimers: Timers = {
  after: (ms, due) => {
    const timer = setTimeout(due, ms)
    return () => clearTimeout(timer)
  },
}
