import { setImmediate as turn } from 'node:timers/promises'
import { Fault } from '../base/faults.ts'
import type { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import type { SqliteRecordBundles } from '../store/sqlite-record-bundles.ts'

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
  copies: SqliteRecordBundles,
  index: SqliteKeyvStorage,
  progress: CopyProgress,
  isOver: () => boolean = () => false,
): Promise<number> {
  let count = 0
  let step: Promise<boolean>[] = []
  /** Keys of the step: should one of them fail, nothing older may take its place. */
  const taken = new Set<string>()
  const finish = async (): Promise<void> => {
    count += (await Promise.all(step)).filter(Boolean).length
    step = []
    taken.clear()
  }
  await index.restore(async () => {
    // What was kept last before the index was lost.
    await copies.flush()
    for (const page of copies.records()) {
      for (const [key, value] of page) {
        if (taken.has(key)) continue
        taken.add(key)
        const done = index.takeBack(key, value)
        // A failure is seen when the step ends.
        done.catch(() => undefined)
        if (step.push(done) % turnCount === 0) await turn()
      }
      await turn()
      if (step.length < stepCount && !isOver()) continue
      await finish()
      if (isOver()) throw new Fault('STORE_IO', 'the index is not whole yet')
      progress(count)
    }
    await finish()
  })
  return count
}

/** Copies every record of the index, when there are no copies yet or they were lost; those that are there are of another time. */
export async function copyIndex(
  index: SqliteKeyvStorage,
  copies: SqliteRecordBundles,
  progress: CopyProgress,
): Promise<number> {
  let count = 0
  await copies.clear()
  for await (const [key, value] of index.iterator<string>()) {
    // What changed since the page was read is kept by whoever changed it.
    if (index.peek(key as string) !== value) continue
    copies.keep(key as string, value as string)
    count += 1
    if (count % stepCount > 0) continue
    await copies.flush()
    progress(count)
  }
  await copies.flush()
  return count
}

/** Removes copies of what the index has no more: a crash may have come before they were removed. */
export async function dropStaleCopies(
  index: SqliteKeyvStorage,
  copies: SqliteRecordBundles,
  isOver: () => boolean,
): Promise<void> {
  const dropped = new Set<string>()
  for (const page of copies.records()) {
    for (const [key] of page) {
      if (dropped.has(key) || index.isStored(key)) continue
      copies.keep(key, undefined)
      dropped.add(key)
    }
    await turn()
    if (isOver() || !index.isWhole) return
  }
}
