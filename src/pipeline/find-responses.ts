import { setImmediate as turn } from 'node:timers/promises'
import { maskedQuery } from '../http/masked-query.ts'
import { isOutdated } from '../policy/freshness.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { describe, isSelected, type Selection } from './selection.ts'
import type { Services } from './services.ts'

/** The variants of one key that were selected. */
export interface FoundKey {
  readonly key: string
  readonly selected: readonly StoredResponse[]
}

/** One stored response as it is told to people. */
export interface FoundResponse {
  readonly key: string
  readonly url: string
  readonly host: string
  readonly status: number
  readonly class: string
  readonly rule: string
  readonly sizeBytes: number
  /** `sha256:HEX`; absent: no content. */
  readonly digest?: string
  /** Of which only a part is there: `FIRST-LAST/SIZE`. */
  readonly part?: string
  /** When it was received or last validated. */
  readonly receivedAt: string
  /** Since then. */
  readonly ageSeconds: number
  readonly variesBy: readonly string[]
  readonly pinned: boolean
  /** It is validated before its next use. */
  readonly outdated: boolean
}

/** Keys that are looked at before others have their turn. */
const keysATurn = 50

/** Goes through the index a page at a time; requests are served in between. Rejects with `STORE_INDEX_DOWN`. */
export async function* findKeys(selection: Selection, services: Services): AsyncGenerator<FoundKey, void> {
  let count = 0
  for await (const [key, variants] of services.index.entries()) {
    const selected = variants.filter((record) => isSelected(selection, record, services))
    if (selected.length > 0) yield { key, selected }
    if (++count % keysATurn === 0) await turn()
  }
}

export async function* findResponses(
  selection: Selection,
  services: Services,
  showQueries: boolean,
): AsyncGenerator<FoundResponse, void> {
  for await (const { key, selected } of findKeys(selection, services)) {
    for (const record of selected) yield foundResponse(key, record, services, showQueries)
  }
}

/** What is stored under one key; empty: nothing. */
export async function responsesOf(key: string, services: Services, showQueries: boolean): Promise<FoundResponse[]> {
  const variants = await services.index.get(key)
  return variants.map((record) => foundResponse(key, record, services, showQueries))
}

/** Values in queries may be secrets: they are shown on demand alone. */
export function foundResponse(
  key: string,
  record: StoredResponse,
  services: Services,
  showQueries: boolean,
): FoundResponse {
  const { content, part, receivedAt } = record
  const shown = showQueries ? (text: string): string => text : maskedQuery
  return {
    key: shown(key),
    url: shown(record.url),
    ...describe(record, services),
    status: record.status,
    sizeBytes: content?.sizeBytes ?? 0,
    ...(content !== undefined && { digest: `sha256:${content.digest}` }),
    ...(part !== undefined && { part: `${part.first}-${part.last}/${part.sizeBytes}` }),
    receivedAt: new Date(receivedAt).toISOString(),
    ageSeconds: Math.max(0, Math.round((services.clock.now() - receivedAt) / 1000)),
    variesBy: Object.keys(record.vary),
    pinned: record.pinned === true,
    outdated: isOutdated(record),
  }
}
