import { setFlagsFromString } from 'node:v8'

/**
 * V8 takes for a process that may use all of the machine: its young generation grows to 128 MiB, and the old one to twice what lives in it before it
 * is swept. Both are for allocations that this process does not make: what hits and misses leave is short-lived, and what stays is
 * counted by `--memory`. So the young generation stays as large as starting has made it, and the old one is swept after a quarter more.
 */
export function keepHeapModest(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=25')
}
