import { open, readFile, rename, rm } from 'node:fs/promises'
import { blockBytes } from './accounting.ts'
import type { EntryTable } from './entry-table.ts'
import type { EvictionName } from './eviction-policy.ts'
import { decodeEviction, evictionBytes, evictionParts } from './eviction-snapshot.ts'
import type { DatabaseRoom } from './store-use.ts'

export interface EvictionMemoryOptions {
  readonly path: string
  readonly policy: EvictionName
  readonly entries: EntryTable
  /** Tells people why something was not read. */
  readonly note: (text: string) => void
}

const privateFile = 0o600

/**
 * Keeps what eviction has learnt in a file, so that what was hot before a restart stays. It is only ever a copy of what is in memory,
 * written whole under another name first: one that is damaged, of another version or of another policy is not used, and learning begins anew.
 */
export class EvictionMemory {
  readonly #options: EvictionMemoryOptions
  readonly #draft: string
  #savedCount = -1
  #restored = false
  #saving: Promise<void> = Promise.resolve()

  constructor(options: EvictionMemoryOptions) {
    this.#options = options
    this.#draft = `${options.path}.new`
  }

  /** What it takes on the disk while it is written anew. */
  get room(): DatabaseRoom {
    const { policy, entries } = this.#options
    return {
      get usedBytes() {
        return 2 * Math.ceil(evictionBytes(policy, entries.count) / blockBytes) * blockBytes
      },
      freeBytes: 0,
      shrink: async () => undefined,
    }
  }

  /** Once all that is stored is known. Never rejects. */
  async restore(breathe: () => Promise<void>): Promise<void> {
    const { entries, note, path } = this.#options
    const kept = await this.#read()
    if (typeof kept === 'string') note(`larder: ${path} is not used, ${kept}: what is asked for often is learnt anew`)
    await entries.restore(typeof kept === 'string' ? undefined : kept, breathe)
    this.#savedCount = entries.changeCount
    this.#restored = true
  }

  /** Writes the file when something was learnt since. Never rejects: what cannot be kept is learnt again. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #read(): Promise<ReturnType<typeof decodeEviction> | undefined> {
    const { path, policy } = this.#options
    try {
      await rm(this.#draft, { force: true })
      const kept = decodeEviction(await readFile(path))
      if (typeof kept === 'string' || kept.policy === policy) return kept
      return `it is of --eviction ${kept.policy}`
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return code === 'ENOENT' ? undefined : (code ?? message)
    }
  }

  async #save(): Promise<void> {
    const { entries, path } = this.#options
    const { changeCount } = entries
    if (!this.#restored || changeCount === this.#savedCount) return
    try {
      const file = await open(this.#draft, 'w', privateFile)
      try {
        for (const part of evictionParts(entries.kept())) await file.writeFile(part)
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(this.#draft, path)
      this.#savedCount = changeCount
    } catch {
      await rm(this.#draft, { force: true }).catch(() => undefined)
    }
  }
}
