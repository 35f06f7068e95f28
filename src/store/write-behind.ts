/** What one name shall become on the server. */
export interface Write {
  /** `undefined`: removed. */
  readonly text: string | undefined
}

const mostBytes = 8 * 1024 * 1024
/** What an entry takes beside its text. */
const entryBytes = 200

/** Writes that wait for the server: the last of each name, oldest first. The oldest go when they are too many. */
export class WriteBehind {
  readonly #writes = new Map<string, Write>()
  readonly #mostBytes: number
  #bytes = 0

  constructor(most = mostBytes) {
    this.#mostBytes = most
  }

  get size(): number {
    return this.#writes.size
  }

  get(name: string): Write | undefined {
    return this.#writes.get(name)
  }

  put(name: string, write: Write): void {
    this.#remove(name)
    this.#writes.set(name, write)
    this.#bytes += sizeOf(write)
    for (const oldest of this.#writes.keys()) {
      if (this.#bytes <= this.#mostBytes) return
      this.#remove(oldest)
    }
  }

  first(): readonly [name: string, write: Write] | undefined {
    for (const entry of this.#writes) return entry
    return undefined
  }

  /** `write` has arrived; a later one of the same name waits on. */
  done(name: string, write: Write): void {
    if (this.#writes.get(name) === write) this.#remove(name)
  }

  #remove(name: string): void {
    const write = this.#writes.get(name)
    if (write === undefined) return
    this.#writes.delete(name)
    this.#bytes -= sizeOf(write)
  }
}

const sizeOf = ({ text }: Write): number => entryBytes + (text?.length ?? 0) * 2
