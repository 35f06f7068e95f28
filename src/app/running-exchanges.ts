import type { Exchange } from '../pipeline/exchange.ts'

/** The exchanges that are under way; one whose client has left may still be storing what it brought. */
export class RunningExchanges {
  readonly #running = new Set<Promise<unknown>>()

  get count(): number {
    return this.#running.size
  }

  /** Keeps in mind until it is over, its fill included, what `work` does. A hit that ended at once costs nothing. */
  track(exchange: Pick<Exchange, 'filled'>, work: void | Promise<void>): void {
    if (work === undefined) return
    const whole = work.then(() => exchange.filled)
    const forget = (): void => void this.#running.delete(whole)
    this.#running.add(whole)
    whole.then(forget, forget)
  }

  /** Resolves when all are over, those that begin meanwhile included, but after `waitMs` at the latest. */
  async settled(waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), waitMs)
    })
    while (this.#running.size > 0) {
      if ((await Promise.race([late, Promise.allSettled(this.#running)])) === 'late') break
    }
    clearTimeout(timer)
  }
}
