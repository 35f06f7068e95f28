import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Usual after a start: room for what some thousand hits leave. */
const enoughBytes = 16 * 1024 * 1024
const againMs = 1_000

/**
 * V8 takes for a process that may use all of the machine: its young generation grows to 128 MiB, and the old one to twice what lives in
 * it before it is swept. Both are for allocations that this process does not make: what hits and misses leave is short-lived, and what
 * stays is counted by `--memory`. So the young generation stays about as large as starting has made it, and the old one is swept after a
 * quarter more. Both flags are read at each collection (docs/decisions/0024).
 */
export function keepHeapModest(): void {
  setFlagsFromString('--heap-growing-percent=25')
  keepYoungGeneration()
}

function keepYoungGeneration(): void {
  if (youngBytes() >= enoughBytes) setFlagsFromString('--semi-space-growth-factor=1')
  else setTimeout(keepYoungGeneration, againMs).unref()
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
