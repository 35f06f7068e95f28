/** Observations counted by upper bound, as a Prometheus histogram needs them; an observation costs one short search. */
export class BucketCounts {
  readonly bounds: readonly number[]
  /** Observations at most as large as the bound of the same place and larger than the one before; the last: larger than all. */
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let place = 0
    while (place < this.bounds.length && value > this.bounds[place]!) place += 1
    this.counts[place]! += 1
    this.sum += value
    this.count += 1
  }
}
