import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'

const mib = 1024 * 1024
/** Both halves of the young generation: what is live in one is copied to the other. */
const youngBytes = 32 * mib
/** What the old generation may grow by before it is swept: so much, or so much of what is in use where that is more. */
const growthBytes = 64 * mib
const growthShare = 0.25
const lookAgainMs = 5_000

/**
 * V8 takes for a process that may use all of the machine: its young generation grows to 128 MiB, and the old one to twice what lives in it before it
 * is swept. Both are for allocations that this process does not make: what hits and misses leave is short-lived, and what stays is
 * counted by `--memory`. So the young generation may grow to 32 MiB, and the old one by a quarter; a small one by more, as it would else be
 * swept all the time under many misses.
 *
 * V8 also learns which allocations live for a while, and makes them in the old generation at once: under steady misses nearly all, since each waits
 * for the disk. There they are garbage until the next sweep, with all that they point to (docs/decisions/0029).
 *
 * And it collects the young generation when four fifths of it are used, so as not to have to at a bad moment. Here it is used to the end: fewer
 * collections.
 */
export function keepHeapModest(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  setFlagsFromString('--minor-gc-task-trigger=100')
  boundYoungGeneration()
  boundOldGeneration()
}

/**
 * The option that bounds the young generation is read only when the process starts, so its growth is switched off when it is large enough; and on
 * again, for after a pause of some seconds V8 makes it as small as 1 MiB.
 */
function boundYoungGeneration(): void {
  let last: number | undefined
  const look = (): void => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    const factor = young !== undefined && young.space_size < youngBytes ? 2 : 1
    if (factor === last) return
    last = factor
    setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  }
  look()
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] })
}

function boundOldGeneration(): void {
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
