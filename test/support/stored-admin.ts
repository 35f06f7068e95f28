import type { FoundResponse } from '../../src/pipeline/find-responses.ts'
import type { StoredAdmin } from '../../src/server/admin-stored.ts'

export function foundResponse(changes: Partial<FoundResponse> = {}): FoundResponse {
  return {
    key: 'https://example.org/known',
    url: 'https://example.org/known',
    host: 'example.org',
    status: 200,
    class: 'rfc',
    rule: 'rfc',
    sizeBytes: 10,
    receivedAt: '2026-01-01T00:00:00.000Z',
    ageSeconds: 5,
    variesBy: [],
    pinned: false,
    outdated: false,
    ...changes,
  }
}

/** Nothing is stored, but for what `changes` say. */
export function storedAdmin(changes: Partial<StoredAdmin> = {}): StoredAdmin {
  return {
    find: async function* () {},
    firstInOrder: async () => ({ first: [], totalCount: 0 }),
    under: async () => [],
    change: async function* () {},
    changeUrl: async () => ({ wasThere: false, changed: [] }),
    audited: () => {},
    sweep: async () => ({ blobCount: 0, blobBytes: 0, stagingCount: 0, quarantineCount: 0 }),
    shares: async () => ({
      keyCount: 0,
      responseCount: 0,
      bytes: 0,
      pinnedBytes: 0,
      byHost: [],
      byClass: [],
      byRule: [],
      byAge: [],
    }),
    ...changes,
  }
}
