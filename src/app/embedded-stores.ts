import { Fault } from '../base/faults.ts'
import type { StoreHealth } from '../pipeline/store-health.ts'
import { checkDatabase } from '../store/check-database.ts'
import type { Disk } from '../store/disk.ts'
import type { Layout } from '../store/layout.ts'
import { setFormat } from '../store/prepare-folder.ts'
import type { Quarantine } from '../store/quarantine.ts'
import { SqliteBlobStore } from '../store/sqlite-blob-store.ts'
import type { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import { SqliteSideStore } from '../store/sqlite-side-store.ts'
import { copyIndex, rebuildIndex } from './side-copies.ts'

/** A SQLite file of the store. */
export interface Healing {
  /** Mends it if it must be, and writes to it; rejects with a store fault. */
  heal(): Promise<void>
  /** Grows when another file than before is in this one's place. */
  readonly fileCount: number
  /** Where a damaged file was put that was found in its place. */
  readonly asideAs: string | undefined
}

export interface EmbeddedInput {
  readonly layout: Layout
  readonly disk: Disk
  readonly checkpointer: Checkpointer
  readonly quarantine: Quarantine
  readonly health: StoreHealth
  readonly isUnclean: boolean
  /** When the log of a database is folded. */
  readonly logBytes: number
  /** The layout that the folder had. */
  readonly found: number
  /** Tells people what takes time. */
  readonly note: (text: string) => void
}

/** The databases of the data folder. One that is damaged is set aside and begun anew. */
export class EmbeddedStores {
  readonly small: SqliteBlobStore
  readonly side: SqliteSideStore
  /** The index has every record that there is. */
  isWhole = false
  readonly #input: EmbeddedInput

  constructor(input: EmbeddedInput) {
    this.#input = input
    const { layout, disk, checkpointer, quarantine, health, logBytes } = input
    this.small = this.#open(layout.smallBlobs, () => {
      return new SqliteBlobStore(layout.smallBlobs, checkpointer, disk, quarantine, logBytes)
    })
    this.side = this.#open(layout.side, () => {
      return new SqliteSideStore(layout.side, checkpointer, (error) => health.failed(error), disk, logBytes)
    })
  }

  /** The embedded index; its copies go to the side. */
  openIndex(): { readonly storage: SqliteKeyvStorage; readonly opened: Promise<void>; readonly healing: Healing } {
    const { layout, disk, checkpointer, logBytes } = this.#input
    const { side } = this
    const storage = this.#open(layout.index, () => {
      return new SqliteKeyvStorage(layout.index, checkpointer, disk, (key, value) => side.keep(key, value), logBytes)
    })
    const healing: Healing = {
      heal: async () => {
        await storage.heal()
        await this.#level(storage)
      },
      get fileCount() {
        return storage.fileCount
      },
      get asideAs() {
        return storage.asideAs
      },
    }
    return { storage, opened: this.#level(storage), healing }
  }

  /** An index elsewhere has no copies here. */
  withoutIndex(): void {
    setFormat(this.#input.layout)
  }

  /** Index and copies are filled from each other, whichever is lost; never rejects. The layout is ours once that is done. */
  async #level(storage: SqliteKeyvStorage): Promise<void> {
    const { layout, health, note, found } = this.#input
    try {
      if (!storage.isEmpty && (found < 2 || !this.side.hasRecords)) {
        note(`larder: ${layout.root}: records are copied beside the blobs`)
        const count = await copyIndex(storage, this.side, (done) => note(`larder: ${done} records copied`))
        note(`larder: ${count} records copied`)
      } else if (storage.isEmpty && this.side.hasRecords) {
        this.isWhole = false
        note(`larder: ${layout.index}: is made again from the copies of its records`)
        const count = await rebuildIndex(this.side, storage, (done) => note(`larder: ${done} records are back`))
        note(`larder: ${count} records are back`)
      }
      setFormat(layout)
      this.isWhole = true
    } catch (error) {
      health.failed(error)
    }
  }

  #open<T>(path: string, open: () => T): T {
    const { isUnclean, health } = this.#input
    const damage = isUnclean ? checkDatabase(path) : undefined
    if (damage !== undefined) health.failed(new Fault('STORE_IO', `${path} was damaged: ${damage}`))
    return open()
  }
}
