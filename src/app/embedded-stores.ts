import { Fault } from '../base/faults.ts'
import type { StoreHealth } from '../pipeline/store-health.ts'
import { BundleCleaning } from '../store/bundle-cleaning.ts'
import { checkDatabase } from '../store/check-database.ts'
import { CopiesByKey } from '../store/copies-by-key.ts'
import type { Disk } from '../store/disk.ts'
import { type Layout, layoutVersion } from '../store/layout.ts'
import { setFormat } from '../store/prepare-folder.ts'
import type { Quarantine } from '../store/quarantine.ts'
import { SqliteBlobStore } from '../store/sqlite-blob-store.ts'
import type { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import { SqliteSideStore } from '../store/sqlite-side-store.ts'
import { IndexLevel } from './index-level.ts'

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
  /** The machine may have stopped, and not the daemon alone: databases are looked at before they are used. */
  readonly wasCut: boolean
  /** When the log of a database is folded. */
  readonly logBytes: number
  /** The layout that the folder had. */
  readonly found: number
  /** Tells people what takes time. */
  readonly note: (text: string) => void
}

interface OpenedIndex {
  readonly storage: SqliteKeyvStorage
  readonly healing: Healing
  /** As those of `Stores`. */
  readonly usable: Promise<void>
  readonly opened: Promise<void>
}

/** The databases of the data folder. One that is damaged is set aside and begun anew. */
export class EmbeddedStores {
  readonly small: SqliteBlobStore
  readonly side: SqliteSideStore
  #level: IndexLevel | undefined
  #cleaning: BundleCleaning | undefined
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
  openIndex(): OpenedIndex {
    const { layout, disk, checkpointer, logBytes, found } = this.#input
    const { side } = this
    const copied = (key: string, value: string | undefined): void => side.records.keep(key, value)
    const copies = new CopiesByKey(side.records)
    const storage = this.#open(layout.index, () => {
      return new SqliteKeyvStorage(layout.index, checkpointer, disk, copied, logBytes, copies)
    })
    const level = new IndexLevel({ ...this.#input, storage, side })
    this.#level = level
    this.#cleaning = new BundleCleaning(side.records, storage, (error) => this.#input.health.failed(error))
    const healing: Healing = {
      heal: async () => {
        await storage.heal()
        await level.fill()
      },
      get fileCount() {
        return storage.fileCount
      },
      get asideAs() {
        return storage.asideAs
      },
    }
    const opened = level.begin()
    // What was lost is read from its copies; an older layout has none.
    return { storage, healing, opened, usable: found < layoutVersion ? opened : Promise.resolve() }
  }

  /** The index has every record that there is. */
  get isWhole(): boolean {
    return this.#level?.isWhole ?? false
  }

  /** An index elsewhere has no copies here. */
  withoutIndex(): void {
    setFormat(this.#input.layout)
  }

  /** No more records are taken back, and no more copies cleaned. */
  async close(): Promise<void> {
    await this.#level?.close()
    await this.#cleaning?.close()
  }

  #open<T>(path: string, open: () => T): T {
    const { wasCut, health } = this.#input
    const damage = wasCut ? checkDatabase(path) : undefined
    if (damage !== undefined) health.failed(new Fault('STORE_IO', `${path} was damaged: ${damage}`))
    return open()
  }
}
