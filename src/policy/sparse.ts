/** How a large response is fetched whose bytes are wanted out of their order. */
export interface SparseLimits {
  /** Smaller content comes in order: waiting is cheaper than another request. */
  readonly minSizeBytes: number
  /** A reader waits for bytes that are at most so far behind those that come now. */
  readonly soonBytes: number
  /** What is asked for out of order begins and ends at multiples of this. */
  readonly chunkBytes: number
  /** Most requests out of order at a time, for one response. */
  readonly maxLegCount: number
}

const mebi = 1024 * 1024

export const sparseLimits: SparseLimits = {
  minSizeBytes: 64 * mebi,
  soonBytes: 8 * mebi,
  chunkBytes: mebi,
  maxLegCount: 8,
}
