import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { BundleCleaning } from '../../src/store/bundle-cleaning.ts'
import { CopiesByKey } from '../../src/store/copies-by-key.ts'
import { Checkpointer } from '../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../src/store/sqlite-keyv-storage.ts'
import type { SqliteRecordBundles } from '../../src/store/sqlite-record-bundles.ts'
import { SqliteSideStore } from '../../src/store/sqlite-side-store.ts'

export interface OpenedRecords {
  readonly side: SqliteSideStore
  readonly copies: SqliteRecordBundles
  readonly byKey: CopiesByKey
  readonly index: SqliteKeyvStorage
  readonly cleaning: BundleCleaning
  close(): Promise<void>
}

export interface RecordFolder {
  readonly folder: string
  /** Records of the index are copied only when `isCopied`. */
  open(isCopied?: boolean, failed?: (error: unknown) => void): OpenedRecords
  /** The database of the copies, by another connection. */
  look<T>(work: (database: DatabaseSync) => T): T
}

/** A folder in which an index and the copies of its records can be opened again and again. */
export function recordFolder(t: TestContext): RecordFolder {
  const folder = mkdtempSync(join(tmpdir(), 'larder-copies-'))
  const sideFile = join(folder, 'side.db')
  let last: OpenedRecords | undefined
  t.after(async () => {
    await last?.close()
    rmSync(folder, { recursive: true })
  })
  const open: RecordFolder['open'] = (isCopied = false, failed = (error) => assert.fail(String(error))) => {
    const checkpointer = new Checkpointer()
    const side = new SqliteSideStore(sideFile, checkpointer, failed)
    const copies = side.records
    const copied = (key: string, value: string | undefined): void => copies.keep(key, value)
    const onWritten = isCopied ? copied : undefined
    const byKey = new CopiesByKey(copies)
    const index = new SqliteKeyvStorage(join(folder, 'index.db'), checkpointer, undefined, onWritten, undefined, byKey)
    const cleaning = new BundleCleaning(copies, index, failed)
    const close = async (): Promise<void> => {
      last = undefined
      await cleaning.close()
      for (const one of [() => index.disconnect(), () => side.close(), () => checkpointer.close()]) await one()
    }
    last = { side, copies, byKey, index, cleaning, close }
    return last
  }
  const look = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(sideFile, { timeout: 30_000 })
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
  return { folder, open, look }
}
