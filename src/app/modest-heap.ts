import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What the old generation may grow by before it is swept: so much, or so much of what is in use where that is more. */
const growthBytes = 64 * 1024 * 1024
const growthShare = 0.25
const lookAgainMs = 5_000

/**
 * V8 takes for a process that may use all of the machine: its young generation grows to 128 MiB, and the old one to twice what lives in it before it
 * is swept. Both are for allocations that this process does not make: what hits and misses leave is short-lived, and what stays is
 * counted by `--memory`. So the young generation stays as large as starting has made it, and the old one may grow by a quarter; a small one by more,
 * as it would else be swept all the time under many misses.
 *
 * V8 also learns which allocations live for a while, and makes them in the old generation at once: under steady misses nearly all, since each waits
 * for the disk. There they are garbage until the next sweep, with all that they point to (docs/decisions/0029).
 *
 * And a process that is idle for some seconds it makes as small as it can: a young generation of 1 MiB, which could never grow again here.
 */
export function keepHeapModest(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-allocation-site-pretenuring')
  setFlagsFromString('--no-memory-reducer')
  let last = 0
  const adapt = (): void => {
    const percent = growthPercent(getHeapStatistics().used_heap_size)
    if (percent === last) return
    last = percent
    setFlagsFromString(`--heap-growing-percent=${percent}`)
  }
  adapt()
  setInterval(adapt, lookAgainMs).unref()
}

/** In steps of 25, so that it seldom changes. */
export function growthPercent(usedBytes: number): number {
  return 25 * Math.max(1, Math.round((100 * Math.max(growthShare, growthBytes / usedBytes)) / 25))
}
