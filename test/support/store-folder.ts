import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Layout, layoutOf } from '../../src/store/layout.ts'
import { prepareFolder } from '../../src/store/prepare-folder.ts'

export interface StoreFolder {
  readonly layout: Layout
  remove(): void
}

/** A data folder of the test's own, ready for stores. */
export function makeStoreFolder(): StoreFolder {
  const top = mkdtempSync(join(tmpdir(), 'larder-store-'))
  const layout = layoutOf(join(top, 'data'))
  prepareFolder(layout)
  return { layout, remove: () => rmSync(top, { recursive: true, force: true }) }
}
