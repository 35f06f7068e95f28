import type { LoggedExchange } from './crashing-daemon.ts'
import { contentOf } from './moving-origin.ts'

/** What a daemon has acknowledged, over all its lives: its access log said `stored: "yes"` (docs/decisions/0003). */
export class Promises {
  /** By path, the newest version that was acknowledged. */
  readonly stored = new Map<string, number>()
  /** Acknowledged pins: what must be there even when others are evicted. */
  readonly pinned = new Set<string>()
  /** Paths of which parts may be stored. */
  readonly touched = new Set<string>()
  pinnedBytes = 0

  acknowledge(path: string, version: number): void {
    this.stored.set(path, Math.max(version, this.stored.get(path) ?? 0))
  }

  /**
   * What the access log promises. Which version of what moves was stored is known to its client alone; a part is no promise of
   * the whole.
   */
  logged({ url, stored, status }: LoggedExchange): void {
    if (stored === 'yes' && status === 200 && !url.includes('/moving/')) this.acknowledge(new URL(url).pathname, 1)
  }

  copy(): Promises {
    const copied = new Promises()
    for (const [path, version] of this.stored) copied.stored.set(path, version)
    for (const path of this.pinned) copied.pinned.add(path)
    for (const path of this.touched) copied.touched.add(path)
    return copied
  }
}

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly body: Buffer
  readonly complete: boolean
}

/** What is wrong with a complete answer; one that was visibly cut short has no wrong byte as far as it went. */
export function wrongIn(path: string, { status, headers, body, complete }: Answer): string | undefined {
  if (status !== 200 && status !== 206) return undefined
  const version = Number(headers.version)
  const whole = contentOf(path, version)
  const [first, last] = /^bytes (\d+)-(\d+)\//.exec(String(headers['content-range']))?.slice(1).map(Number) ?? []
  const wanted = status === 206 ? whole.subarray(first!, last! + 1) : whole
  if (complete ? body.equals(wanted) : body.equals(wanted.subarray(0, body.length))) return undefined
  return `${path} version ${version}: ${status}, ${body.length} of ${wanted.length} bytes, not those of the origin`
}
