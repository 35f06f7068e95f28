/** Answers `false` when there was nothing to write. */
export type Write = () => unknown

/** Writes that share one transaction and one sync of the disk. */
export class WriteBatch {
  readonly writes: Write[] = []
  /** Told whether the writes are durable, all of them before `done` settles. */
  readonly listeners: ((isDurable: boolean) => void)[] = []
  readonly #done = Promise.withResolvers<void>()
  readonly #ripe = Promise.withResolvers<void>()
  readonly #timer: NodeJS.Timeout
  sizeBytes = 0

  constructor(windowMs: number) {
    this.#timer = setTimeout(() => this.ripen(), windowMs)
  }

  /** Resolves when the batch has waited long enough, or is ripe before that. */
  get ripe(): Promise<void> {
    return this.#ripe.promise
  }

  /** Settles when the writes are durable, or lost. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  ripen(): void {
    clearTimeout(this.#timer)
    this.#ripe.resolve()
  }

  resolve(): void {
    for (const settled of this.listeners) settled(true)
    this.#done.resolve()
  }

  reject(error: unknown): void {
    for (const settled of this.listeners) settled(false)
    this.#done.reject(error)
  }
}
