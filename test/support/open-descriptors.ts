import { readdirSync, readlinkSync } from 'node:fs'
import type { TestLarder } from './larder.ts'
import type { MeteredOrigin } from './metered-origin.ts'

/**
 * What this process has open, as far as a proxy may leave it so: files by name, but for those of SQLite, which opens them as it
 * likes, and the count of its sockets.
 */
export interface OpenDescriptors {
  readonly files: readonly string[]
  readonly socketCount: number
}

export function openDescriptors(): OpenDescriptors {
  const names = readdirSync('/proc/self/fd').map(nameOf)
  return {
    files: names.filter((name) => name.startsWith('/') && !/\.db(?:-\w+)?$/.test(name)).sort(),
    socketCount: names.filter((name) => name.startsWith('socket:')).length,
  }
}

function nameOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    // The one with which the folder itself was read.
    return ''
  }
}

/** Waits until no fetch is under way, at Larder or at the origin, and no more is open than was `before`. */
export async function whenSettled(larder: TestLarder, origin: MeteredOrigin, before: OpenDescriptors): Promise<void> {
  while (larder.daemon.flightCount > 0 || origin.openCount() > 0) await turn()
  for (;;) {
    const { files, socketCount } = openDescriptors()
    // One connection to the origin, which is here as well, may be kept for the next request.
    if (files.length <= before.files.length && socketCount <= before.socketCount + 2) return
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
