const byteCount = 2 ** 21
/** 2 to the power of 32 divided by the golden ratio, and a prime: odd numbers whose multiples are well spread. */
const factors = [0x9e3779b1, 0x85ebca77] as const

/**
 * Says of most keys that were never added that they were not: a Bloom filter with two bits a key in 2 MiB. With a million keys it takes one
 * in a hundred others for known, with ten million one in two.
 */
export class KeyFilter {
  readonly #bits = new Uint8Array(byteCount)

  add(key: string): void {
    for (const factor of factors) {
      const hash = hashOf(key, factor)
      this.#bits[hash % byteCount]! |= 1 << (hash >>> 29)
    }
  }

  /** `false`: `key` was never added. */
  mayHave(key: string): boolean {
    for (const factor of factors) {
      const hash = hashOf(key, factor)
      if ((this.#bits[hash % byteCount]! & (1 << (hash >>> 29))) === 0) return false
    }
    return true
  }
}

/** 32 bits that all depend on every character. */
function hashOf(key: string, factor: number): number {
  let hash = key.length
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), factor)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
