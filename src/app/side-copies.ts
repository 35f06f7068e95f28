import type { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import type { SqliteSideStore } from '../store/sqlite-side-store.ts'

const stepCount = 1_000

/** Told now and then how many records were copied. */
export type CopyProgress = (count: number) => void

/**
 * Makes the index again from the copies that stand beside the blobs; what came meanwhile is newer, and stays. Resolves with the count
 * once all is durable.
 */
export async function rebuildIndex(
  side: SqliteSideStore,
  index: SqliteKeyvStorage,
  progress: CopyProgress,
): Promise<number> {
  let count = 0
  let step: Promise<void>[] = []
  for (const [key, value] of side.records()) {
    if (index.isStored(key)) continue
    step.push(index.set(key, value))
    count += 1
    if (step.length < stepCount) continue
    await Promise.all(step)
    step = []
    progress(count)
  }
  await Promise.all(step)
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
    side.keep(key as string, value as string)
    count += 1
    if (count % stepCount > 0) continue
    await side.flush()
    progress(count)
  }
  await side.flush()
  return count
}
