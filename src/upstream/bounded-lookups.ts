import type { Timers } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'

/**
 * Names are looked up on threads that files are read and written on, too. Half of Node's four may be at it, as many as
 * libuv lets; those that wait for them can be given up, which those in libuv's own queue cannot.
 */
const maxRunningCount = 2
const maxWaitingCount = 1_000
const longestWaitMs = 10_000

/** Looks up so many names at a time; the others wait in order, and no longer than 10 s: `ORIGIN_DNS_TIMEOUT`. */
export function boundedLookups<Answer>(
  lookup: (host: string) => Promise<Answer>,
  timers: Timers,
): (host: string) => Promise<Answer> {
  const waiting = new Set<() => void>()
  let runningCount = 0

  const run = async (host: string): Promise<Answer> => {
    runningCount += 1
    try {
      return await lookup(host)
    } finally {
      runningCount -= 1
      for (const start of waiting) {
        start()
        break
      }
    }
  }

  return (host) => {
    if (runningCount < maxRunningCount) return run(host)
    if (waiting.size >= maxWaitingCount) return Promise.reject(busy(host, `${maxWaitingCount} other names wait`))
    return new Promise((resolve, reject) => {
      const start = (): void => {
        waiting.delete(start)
        callOff()
        run(host).then(resolve, reject)
      }
      const callOff = timers.after(longestWaitMs, () => {
        waiting.delete(start)
        reject(busy(host, `it is still busy with other names after ${longestWaitMs} ms`))
      })
      waiting.add(start)
    })
  }
}

function busy(host: string, reason: string): Fault {
  return new Fault('ORIGIN_DNS_TIMEOUT', `${host} was not asked of the resolver: ${reason}`)
}
