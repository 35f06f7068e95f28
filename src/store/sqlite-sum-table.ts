import type { Digest } from '../base/digest.ts'
import type { ChunkSums } from './chunk-sums.ts'
import { LateFlush } from './late-flush.ts'
import type { Prepared } from './sqlite-file.ts'
import type { SqliteGroupCommit } from './sqlite-group-commit.ts'

export const sumsSchema =
  'CREATE TABLE IF NOT EXISTS sums (digest BLOB PRIMARY KEY, sums BLOB NOT NULL) STRICT, WITHOUT ROWID'

/** The sums of the chunks of blobs, written behind: what a crash takes from here follows from the blobs again. */
export class SqliteSumTable implements ChunkSums {
  readonly #commits: SqliteGroupCommit
  readonly #onFault: (error: unknown) => void
  readonly #select: Prepared
  readonly #put: Prepared
  readonly #remove: Prepared
  /** Sums that are not on the disk yet, and of them those that no write has begun with; `undefined`: gone. */
  readonly #sums = new Map<Digest, Buffer | undefined>()
  #new = new Map<Digest, Buffer | undefined>()
  readonly #flush = new LateFlush(() => this.#writeAll())

  constructor(commits: SqliteGroupCommit, onFault: (error: unknown) => void) {
    this.#commits = commits
    this.#onFault = onFault
    this.#select = commits.prepare('SELECT sums FROM sums WHERE digest = ?')
    this.#put = commits.prepare('INSERT OR REPLACE INTO sums (digest, sums) VALUES (?, ?)')
    this.#remove = commits.prepare('DELETE FROM sums WHERE digest = ?')
  }

  get(digest: Digest): Uint8Array | undefined {
    if (this.#sums.has(digest)) return this.#sums.get(digest)
    try {
      return this.#select.value(Buffer.from(digest, 'hex')) as Uint8Array | undefined
    } catch (error) {
      // Without sums a blob is hashed whole.
      this.#onFault(error)
      return undefined
    }
  }

  put(digest: Digest, sums: Buffer): void {
    this.#set(digest, sums)
  }

  delete(digest: Digest): void {
    this.#set(digest, undefined)
  }

  /** Resolves when everything so far is written. */
  flush(): Promise<void> {
    return this.#flush.now()
  }

  #set(digest: Digest, sums: Buffer | undefined): void {
    this.#sums.set(digest, sums)
    this.#new.set(digest, sums)
    this.#flush.later(this.#new.size)
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    const written = this.#new
    this.#new = new Map()
    const done = new Set<Promise<void>>()
    for (const [digest, sums] of written) done.add(this.#commits.enqueue(() => this.#write(digest, sums)))
    const failed = (await Promise.allSettled(done)).find((one) => one.status === 'rejected')
    for (const [digest, sums] of written) if (this.#sums.get(digest) === sums) this.#sums.delete(digest)
    if (failed !== undefined) this.#onFault(failed.reason)
  }

  #write(digest: Digest, sums: Buffer | undefined): void {
    const name = Buffer.from(digest, 'hex')
    if (sums === undefined) this.#remove.run(name)
    else this.#put.run(name, sums)
  }
}
