/** Signed URLs remembered, beyond which those that were not used for longest are forgotten. */
const maxGrantCount = 8192

/**
 * The signed URLs to which a redirect led that everybody may have: it was given to a request without credentials. Until the
 * signature ends, whoever shows such a URL may read what it names, and so may whoever comes after with another one
 * of them. Losing a grant costs a download, nothing more.
 */
export class SignedGrants {
  readonly #untilMs = new Map<string, number>()

  /** `url` in its one spelling; `untilMs` in milliseconds since the epoch. */
  grant(url: string, untilMs: number): void {
    this.#untilMs.delete(url)
    this.#untilMs.set(url, untilMs)
    if (this.#untilMs.size > maxGrantCount) this.#untilMs.delete(this.#untilMs.keys().next().value!)
  }

  holds(url: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(url)
    if (untilMs === undefined) return false
    this.#untilMs.delete(url)
    if (untilMs <= nowMs) return false
    this.#untilMs.set(url, untilMs)
    return true
  }

  get count(): number {
    return this.#untilMs.size
  }
}
