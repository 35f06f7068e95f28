import { createHash } from 'node:crypto'

/** One way to fail. Shares are of the content that was asked for, from 0 to 1. */
export type ChaosFault =
  /** The connection ends before a byte of the response. */
  | { readonly kind: 'hang-up'; readonly by: 'fin' | 'reset' }
  /** No answer ever, or not before the test calls `release` with the path. */
  | { readonly kind: 'stall' }
  /** An answer that is not the object. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Head and a share of the content, then the connection ends. */
  | { readonly kind: 'cut'; readonly share: number; readonly by: 'fin' | 'reset' }
  /** Head and a share of the content, then silence; on `release` the rest. */
  | { readonly kind: 'stall-within'; readonly share: number }
  /** Content-Length is larger (the connection then ends) or, with a negative number, smaller than the content. */
  | { readonly kind: 'length-lie'; readonly byBytes: number }
  /** From this attempt on the object is another one; with `sameTag` it does not say so. */
  | { readonly kind: 'change'; readonly sameTag?: boolean }

/** What happens to the `attempt`-th request for a path, the `requestNumber`-th of the origin; `undefined`: it is answered well. */
export type ChaosRule = (path: string, attempt: number, requestNumber: number) => ChaosFault | undefined

/** A fault and the share of all answers that it befalls, from 0 to 1. */
export type Mixture = readonly { readonly share: number; readonly fault: ChaosFault }[]

/** Faults at random, but the same ones for the same seed, path and attempt. */
export function mixed(seed: string, mixture: Mixture): ChaosRule {
  return (path, attempt) => {
    let place = placeOf(`${seed} ${attempt} ${path}`)
    for (const { share, fault } of mixture) {
      if (place < share) return fault
      place -= share
    }
    return undefined
  }
}

/** The whole origin works for `upCount` requests, then fails for `downCount`, and so on. */
export function flapping(upCount: number, downCount: number, fault: ChaosFault): ChaosRule {
  return (_path, _attempt, requestNumber) => ((requestNumber - 1) % (upCount + downCount) < upCount ? undefined : fault)
}

/** A number from 0 up to, but not, 1, that looks random. */
function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
}
