import type { Exchange } from '../pipeline/exchange.ts'

/** The exchanges that are under way; one whose client has left may still be storing what it brought. */
export class RunningExchanges {
  #count = 0
  /** Resolves when none is left; for those who wait for that. */
  #none: PromiseWithResolvers<void> | undefined

  get count(): number {
    return this.#count
  }

  /** Keeps an exchange in mind until it is over. A hit that ended at once costs nothing. */
  track(exchange: Pick<Exchange, 'isOver' | 'onOver'>): void {
    if (exchange.isOver) return
    this.#count += 1
    exchange.onOver(this.#over)
  }

  /** Resolves when all are over, those that begin meanwhile included, but after `waitMs` at the latest. */
  async settled(waitMs: number): Promise<void> {
    if (this.#count === 0) return
    this.#none ??= Promise.withResolvers<void>()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
    })
    await Promise.race([this.#none.promise, late])
    clearTimeout(timer)
  }

  readonly #over = (): void => {
    this.#count -= 1
    if (this.#count > 0) return
    this.#none?.resolve()
    this.#none = undefined
  }
}
