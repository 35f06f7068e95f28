import type { StoreHealth } from '../pipeline/store-health.ts'
import { type Layout, layoutVersion } from '../store/layout.ts'
import { setFormat } from '../store/prepare-folder.ts'
import type { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import type { SqliteSideStore } from '../store/sqlite-side-store.ts'
import { copyIndex, dropStaleCopies, rebuildIndex } from './side-copies.ts'

export interface IndexLevelInput {
  readonly storage: SqliteKeyvStorage
  readonly side: SqliteSideStore
  readonly layout: Layout
  readonly health: StoreHealth
  readonly isUnclean: boolean
  /** The layout that the folder had. */
  readonly found: number
  /** Tells people what takes time. */
  readonly note: (text: string) => void
}

/** Keeps the embedded index and the copies of its records level: they are filled from each other, whichever is lost. */
export class IndexLevel {
  readonly #input: IndexLevelInput
  #last: Promise<void> = Promise.resolve()
  #isClosed = false
  /** The `fileCount` of the side that has all copies, as far as is known. */
  #copiedIn: number | undefined
  readonly #isOver = (): boolean => this.#isClosed

  constructor(input: IndexLevelInput) {
    this.#input = input
    if (input.found === layoutVersion) this.#copiedIn = input.side.fileCount
  }

  /** The index has every record that there is. */
  get isWhole(): boolean {
    return this.#input.storage.isWhole
  }

  /** As `fill`, at once; after a crash copies are then looked at, of which that may have kept too many. */
  begin(): Promise<void> {
    const { storage, side, health, isUnclean } = this.#input
    // Whether something is missing is known before anything is asked for.
    const filled = this.#fill()
    const drop = (): Promise<void> => dropStaleCopies(storage, side.records, this.#isOver)
    this.#last = filled.then(() => (isUnclean ? drop() : undefined)).catch((error) => health.failed(error))
    return filled
  }

  /** Fills what is lost, once that is done which is under way. Never rejects. */
  fill(): Promise<void> {
    this.#last = this.#last.then(() => this.#fill())
    return this.#last
  }

  /** What is under way ends, and goes on at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#last
  }

  /** The layout is ours once that is done. */
  async #fill(): Promise<void> {
    const { storage, side, layout, health } = this.#input
    if (this.#isClosed) return
    try {
      const { fileCount, records } = side
      if (storage.isPartial && !records.isEmpty) {
        await this.#rebuild()
      } else {
        await storage.setWhole()
        const hasAll = fileCount === this.#copiedIn && !records.isEmpty
        if (!storage.isEmpty && !hasAll) await this.#copy()
      }
      this.#copiedIn = fileCount
      setFormat(layout)
    } catch (error) {
      if (!this.#isClosed) health.failed(error)
    }
  }

  async #rebuild(): Promise<void> {
    const { storage, side, layout, note } = this.#input
    note(`larder: ${layout.index}: is made again from the copies of its records`)
    const progress = (done: number): void => note(`larder: ${done} records are back`)
    progress(await rebuildIndex(side.records, storage, progress, this.#isOver))
  }

  async #copy(): Promise<void> {
    const { storage, side, layout, note } = this.#input
    note(`larder: ${layout.root}: records are copied beside the blobs`)
    const progress = (done: number): void => note(`larder: ${done} records copied`)
    progress(await copyIndex(storage, side.records, progress))
  }
}
