/** Bytes `first` to before `end` of a blob, ahead of its beginning; while it is live, more come, up to before `until`. */
export interface Run {
  readonly first: number
  /** Bytes before here can be read. */
  end: number
  /** Bytes before here have come; some may still be on their way to the disk. */
  taken: number
  until: number
  isLive: boolean
}

/** Which bytes of a blob are there, or about to come, ahead of its contiguous beginning. */
export class SparseMap {
  /** By position; they never overlap. */
  #runs: Run[] = []

  /** Bytes that can be read. */
  get byteCount(): number {
    return this.#runs.reduce((sum, { first, end }) => sum + end - first, 0)
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  get liveCount(): number {
    return this.#runs.filter(({ isLive }) => isLive).length
  }

  /** The run that has, or will have, the byte at `position`. */
  covering(position: number): Run | undefined {
    const run = this.#before(position)
    return run !== undefined && position < reach(run) ? run : undefined
  }

  /** Where the first run begins that does so at `position` or behind it. */
  nextFirst(position: number): number | undefined {
    return this.#runs.find(({ first }) => first >= position)?.first
  }

  /** Where the last run before `position` will end, at most there; of a live one that covers it, where it is now. */
  reachBefore(position: number): number {
    const run = this.#before(position)
    if (run === undefined) return 0
    return reach(run) <= position ? reach(run) : run.taken
  }

  /** Begins a run; one that would have come so far ends there. Answers with how far it may go. */
  add(first: number, until: number): Run {
    const before = this.#before(first)
    let limit = Math.min(until, this.nextFirst(first) ?? until)
    if (before !== undefined && reach(before) > first) {
      limit = Math.min(limit, before.until)
      before.until = first
    }
    const run = { first, end: first, taken: first, until: limit, isLive: true }
    this.#runs.push(run)
    this.#runs.sort((a, b) => a.first - b.first)
    return run
  }

  /** Nothing more comes of it; without any bytes it is gone. */
  end(run: Run): void {
    run.isLive = false
    run.until = run.taken
    if (run.taken === run.first) this.remove(run)
  }

  remove(run: Run): void {
    this.#runs = this.#runs.filter((one) => one !== run)
  }

  /** Forgets the runs that lie wholly before `position`. */
  dropBefore(position: number): void {
    this.#runs = this.#runs.filter((run) => run.isLive || run.taken > position)
  }

  clear(): void {
    this.#runs = []
  }

  #before(position: number): Run | undefined {
    return this.#runs.findLast(({ first }) => first <= position)
  }
}

function reach({ isLive, until, taken }: Run): number {
  return isLive ? until : taken
}
