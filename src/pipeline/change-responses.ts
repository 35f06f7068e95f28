import type { StoredResponse } from '../store/stored-response.ts'
import { type FoundKey, type FoundResponse, findKeys, foundResponse } from './find-responses.ts'
import { isSelected, mayBecomeSelected, type Selection } from './selection.ts'
import type { Services } from './services.ts'

/** `outdate`: kept, and validated before the next use. */
export type ChangeKind = 'purge' | 'outdate' | 'pin' | 'unpin'

export interface Change {
  readonly kind: ChangeKind
  readonly selection: Selection
  /** Only tells what would be changed. */
  readonly isTrial: boolean
  readonly showQueries: boolean
}

/** Keys changed at the same time: their records become durable together. */
const keysAtOnce = 128

/**
 * Changes what is selected and tells of each response that was changed. What is pinned is not purged unless the selection is of pinned
 * responses. A purge reaches the fills under way, and what is in memory.
 */
export async function* changeResponses(change: Change, services: Services): AsyncGenerator<FoundResponse, void> {
  const { kind, selection, isTrial, showQueries } = change
  const sparesPins = kind === 'purge' && selection.pinned === undefined
  const meant: Selection = sparesPins ? { ...selection, pinned: false } : selection
  if (!isTrial && (kind === 'purge' || kind === 'outdate')) forgetUnderWay(selection, services)
  let batch: FoundKey[] = []
  const changed = async function* (): AsyncGenerator<FoundResponse, void> {
    if (!isTrial) await Promise.all(batch.map((found) => apply(kind, meant, found, services)))
    for (const { key, selected } of batch) {
      for (const record of selected) yield foundResponse(key, record, services, showQueries)
    }
    batch = []
  }
  for await (const found of findKeys(meant, services)) {
    batch.push(found)
    if (batch.length >= keysAtOnce) yield* changed()
  }
  yield* changed()
}

/** What is stored under exactly one key. Answers what was changed of it. */
export async function changeKey(
  key: string,
  { kind, selection, isTrial, showQueries }: Change,
  services: Services,
): Promise<FoundResponse[]> {
  const meant = kind === 'purge' && selection.pinned === undefined ? { ...selection, pinned: false } : selection
  const variants = await services.index.get(key)
  const selected = variants.filter((record) => isSelected(meant, record, services))
  if (!isTrial) {
    if (kind === 'purge' || kind === 'outdate') services.fills.forget(key)
    if (selected.length > 0) await apply(kind, meant, { key, selected }, services)
    else if (kind === 'purge' || kind === 'outdate') services.hot.delete(key)
  }
  return selected.map((record) => foundResponse(key, record, services, showQueries))
}

/** Fills that are not in the index yet; and requests that the origin was asked before now, whose answer has not begun. */
function forgetUnderWay(selection: Selection, services: Services): void {
  for (const key of services.fills.forgetWhere((key) => mayBecomeSelected(selection, key, services))) {
    services.hot.delete(key)
  }
}

async function apply(kind: ChangeKind, meant: Selection, { key }: FoundKey, services: Services): Promise<void> {
  if (kind === 'pin' || kind === 'unpin') {
    await services.index.setPinned(key, kind === 'pin')
    return
  }
  services.fills.forget(key)
  services.hot.delete(key)
  const outdatedAt = services.clock.now()
  const changed = (record: StoredResponse): readonly StoredResponse[] => {
    if (!isSelected(meant, record, services)) return [record]
    return kind === 'purge' ? [] : [{ ...record, outdatedAt }]
  }
  await services.index.update(key, (variants) => variants.flatMap(changed))
  // A request may have brought it back to memory before the index had changed.
  services.hot.delete(key)
}
