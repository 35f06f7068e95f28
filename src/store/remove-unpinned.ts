import type { ResponseIndex } from './response-index.ts'

/** Removes what is stored under a key, durably; answers `false` when it has been pinned meanwhile, and stays. */
export async function removeUnpinned(index: ResponseIndex, key: string): Promise<boolean> {
  let isPinned = false
  await index.update(key, (variants) => {
    isPinned = variants.some(({ pinned }) => pinned === true)
    return isPinned ? variants : []
  })
  return !isPinned
}
