import { lstat, readdir, unlink } from 'node:fs/promises'
import { isStagingName, type Layout, stagingFile } from './layout.ts'
import { storeFault } from './store-fault.ts'

/** Removes what ingests left that nobody has written to since `before`; answers how many. Rejects with `STORE_IO`. */
export async function sweepStaging(layout: Layout, before: number, isTrial = false): Promise<number> {
  let count = 0
  try {
    for (const name of (await readdir(layout.staging)).filter(isStagingName)) {
      const path = stagingFile(layout, name)
      try {
        if ((await lstat(path)).mtimeMs >= before) continue
        if (!isTrial) await unlink(path)
        count += 1
      } catch (error) {
        // Its ingest has ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  } catch (error) {
    throw storeFault(`sweeping ${layout.staging}`, error)
  }
  return count
}
