import { setImmediate as turn } from 'node:timers/promises'
import { Fault } from '../base/faults.ts'
import type { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import type { SqliteRecordCopies } from '../store/sqlite-record-copies.ts'
import type { SqliteSideStore } from '../store/sqlite-side-store.ts'

const stepCount = 1_000
/** So many copies are read between two turns of the event loop. */
const turnCount = 100

/** Told now and then how many records were copied. */
export type CopyProgress = (count: number) => void

/**
 * Makes the index again from the copies that stand beside the blobs; what came or went meanwhile is newer, and stays so. Resolves with the
 * count once all is durable; rejects when nobody needs it any more.
 */
export async function rebuildIndex(
  side: SqliteSideStore,
  index: SqliteKeyvStorage,
  progress: CopyProgress,
  isOver: () => boolean = () => false,
): Promise<number> {
  let count = 0
  let step: Promise<boolean>[] = []
  const finish = async (): Promise<void> => {
    count += (await Promise.all(step)).filter(Boolean).length
    step = []
  }
  await index.restore(async () => {
    for (const [key, value] of side.records()) {
      const length = step.push(index.takeBack(key, value))
      if (length % turnCount === 0) await turn()
      if (length < stepCount) continue
      await finish()
      if (isOver()) throw new Fault('STORE_IO', 'the index is not whole yet')
      progress(count)
    }
    await finish()
  })
  return count
}

/** Copies every record of the index, when there are no copies yet or they were lost. */
export async function copyIndex(
  index: SqliteKeyvStorage,
  side: SqliteSideStore,
  progress: CopyProgress,
): Promise<number> {
  let count = 0
  for await (const [key, value] of index.iterator<string>()) {
    // What changed since the page was read is kept by whoever changed it.
    if (index.peek(key as string) !== value) continue
    side.keep(key as string, value as string)
    count += 1
    if (count % stepCount > 0) continue
    await side.flush()
    progress(count)
  }
  await side.flush()
  return count
}

/** Removes copies of what the index has no more: a crash may have come before they were removed. */
export async function dropStaleCopies(
  index: SqliteKeyvStorage,
  copies: SqliteRecordCopies,
  side: SqliteSideStore,
  isOver: () => boolean,
): Promise<void> {
  for (const keys of copies.keyPages()) {
    for (const key of keys) if (!index.isStored(key)) side.keep(key, undefined)
    await turn()
    if (isOver() || !index.isWhole) return
  }
}
