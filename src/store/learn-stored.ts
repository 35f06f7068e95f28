import { setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '../base/digest.ts'
import type { StoreLedger } from './store-ledger.ts'
import { fromText } from './stored-record.ts'

export interface LearnInput {
  readonly ledger: StoreLedger
  readonly smallBlobs: RowBlobs
  readonly records: StoredRecords
  /** Nobody needs to know any more. */
  readonly isOver: () => boolean
}

/** Blobs that are rows, as `SqliteBlobStore`: what a page tells of is stored at the moment it is taken. */
export interface RowBlobs {
  digestPages(): Iterable<readonly Digest[]>
}

/** An index that is read in pages, as `SqliteKeyvStorage`. */
export interface StoredRecords {
  /** About how many there are. */
  readonly count: Promise<number>
  pages(): Iterable<readonly { readonly id: number; readonly key: string; readonly value: string }[]>
}

/** Tells the ledger what stands in the databases, blobs before the records that name them: a page at a time, and requests between pages. */
export async function learnStored({ ledger, smallBlobs, records, isOver }: LearnInput): Promise<void> {
  ledger.reserve(await records.count)
  for (const digests of smallBlobs.digestPages()) {
    for (const digest of digests) ledger.blobs.add({ digest, sizeBytes: 0 })
    await turn()
    if (isOver()) return
  }
  for (const rows of records.pages()) {
    for (const { id, key, value } of rows) ledger.learnt(id, key, fromText(value))
    await turn()
    if (isOver()) return
  }
}
