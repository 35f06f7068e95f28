import { Fault } from '../base/faults.ts'
import type { StoreHealth } from '../pipeline/store-health.ts'
import type { Disk } from '../store/disk.ts'
import type { KeptFolder } from '../store/kept-folder.ts'
import type { Layout } from '../store/layout.ts'
import { probeFolder } from '../store/probe-folder.ts'
import type { Healing } from './embedded-stores.ts'

export interface StoreMenderOptions {
  readonly folder: KeptFolder
  readonly layout: Layout
  readonly disk: Disk
  readonly files: readonly Healing[]
  readonly health: StoreHealth
  /** Another folder, or another database, is in the place of one that was known; all can be written. */
  readonly onRenewed: () => void
}

/** Mends the parts of the store, and knows what of it was replaced since. */
export class StoreMender {
  readonly #options: StoreMenderOptions
  /** Of each file, which one it was when that was told. */
  #knownCounts: readonly number[]
  #isRenewed = false

  constructor(options: StoreMenderOptions) {
    this.#options = options
    this.#knownCounts = this.#counts
  }

  /** Rejects with a store fault while something cannot be written. */
  async mend(): Promise<void> {
    const { folder, layout, disk, files, onRenewed } = this.#options
    if (folder.restore()) this.#isRenewed = true
    await probeFolder(layout, disk)
    for (const file of files) {
      const { asideAs } = file
      await file.heal()
      if (file.asideAs !== asideAs) this.#tell(file)
    }
    const counts = this.#counts
    if (!this.#isRenewed && counts.every((count, at) => count === this.#knownCounts[at])) return
    this.#isRenewed = false
    this.#knownCounts = counts
    onRenewed()
  }

  /** What was damaged is told of, and over when the store can be written. */
  tellSetAside(): void {
    for (const file of this.#options.files) if (file.asideAs !== undefined) this.#tell(file)
  }

  get #counts(): readonly number[] {
    return this.#options.files.map(({ fileCount }) => fileCount)
  }

  #tell({ asideAs }: Healing): void {
    this.#options.health.failed(new Fault('STORE_IO', `a damaged file was set aside as ${asideAs}`))
  }
}
