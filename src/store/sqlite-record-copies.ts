import type { Prepared } from './sqlite-file.ts'
import { proofOf, type SqliteSideStore } from './sqlite-side-store.ts'

/** Names that are read at once. */
const pageCount = 200

/** The copies of records, one by one, for an index that has not all of its own back yet. */
export class SqliteRecordCopies {
  readonly #side: SqliteSideStore
  readonly #select: Prepared
  readonly #someKeys: Prepared

  constructor(side: SqliteSideStore) {
    this.#side = side
    this.#select = side.room.prepare('SELECT value, proof FROM record WHERE key = ?')
    // By the index of the keys alone: copies are eight times as much to read.
    this.#someKeys = side.room.prepare('SELECT key FROM record WHERE key > ? ORDER BY key LIMIT ?')
  }

  /** The copy as it is on the disk; `undefined`: there is none that is whole. Throws a store fault. */
  copyOf(key: string): string | undefined {
    const row = this.#side.room.read('reading the copy of a record', () => this.#select.get(key))
    if (row === undefined) return undefined
    const { value, proof } = row as { value: string; proof: Uint8Array }
    return proofOf(key, value).equals(proof) ? value : undefined
  }

  /** The names of all copies on the disk, page by page. */
  *keyPages(): Iterable<readonly string[]> {
    for (let last = ''; ; ) {
      const rows = this.#someKeys.all(last, pageCount) as { key: string }[]
      if (rows.length === 0) return
      last = rows.at(-1)!.key
      yield rows.map(({ key }) => key)
    }
  }
}
