import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { storeFault } from './store-fault.ts'

/** Names that are remembered one by one. */
const maxNameCount = 20_000
const ownerOnly = 0o600
const line = /^(\d{1,16}) ([A-Za-z0-9_-]{43}|\*)$/

/**
 * When each name was purged, in a file of this machine: whoever may write to the server could bring a record back that was
 * removed, its seal intact (CORRECTNESS T33). When too many names are remembered, one time counts for all: what is older is a miss.
 */
export class PurgeMemory {
  readonly #path: string
  readonly #maxCount: number
  readonly #times = new Map<string, number>()
  #allAt = 0
  #file: Promise<FileHandle> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, maxCount = maxNameCount) {
    this.#path = path
    this.#maxCount = maxCount
    for (const text of readLines(path)) {
      // The last line may be torn.
      const [, at, name] = line.exec(text) ?? []
      if (at !== undefined) this.#note(name!, Number(at))
    }
    if (this.#times.size > maxCount) this.#shorten()
  }

  /** When `name` was last purged; 0: never. What was made then or before is gone. */
  at(name: string): number {
    return Math.max(this.#allAt, this.#times.get(name) ?? 0)
  }

  /** Counts at once; resolves when it survives power loss, rejects with `STORE_IO` or `STORE_NO_SPACE`. */
  add(name: string, at: number): Promise<void> {
    this.#note(name, at)
    const written = this.#last.then(() => this.#write(`${at} ${name}\n`))
    this.#last = written.catch(() => {})
    return written
  }

  async close(): Promise<void> {
    await this.#last
    const file = await this.#file?.catch(() => undefined)
    await file?.close()
  }

  #note(name: string, at: number): void {
    if (name === '*') this.#allAt = Math.max(this.#allAt, at)
    else this.#times.set(name, Math.max(this.at(name), at))
  }

  async #write(text: string): Promise<void> {
    try {
      if (this.#times.size > this.#maxCount) {
        const before = this.#file
        this.#file = undefined
        await (await before)?.close()
        this.#shorten()
        return
      }
      // What a crash tore must not swallow what follows.
      const begin = this.#file === undefined ? '\n' : ''
      this.#file ??= open(this.#path, 'a', ownerOnly)
      const file = await this.#file
      await file.appendFile(begin + text)
      await file.datasync()
    } catch (error) {
      this.#file = undefined
      throw storeFault('remembering what was purged', error)
    }
  }

  #shorten(): void {
    this.#allAt = Math.max(this.#allAt, ...this.#times.values())
    this.#times.clear()
    const draft = `${this.#path}.new`
    writeFileSync(draft, `${this.#allAt} *\n`, { mode: ownerOnly, flush: true })
    renameSync(draft, this.#path)
  }
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'latin1').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw storeFault('reading what was purged', error)
  }
}
