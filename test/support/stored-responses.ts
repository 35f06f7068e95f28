import { digestOf } from '../../src/base/digest.ts'
import type { ResponseIndex } from '../../src/store/response-index.ts'
import type { StoredResponse } from '../../src/store/stored-response.ts'

export function storedResponse(number = 1, overrides: Partial<StoredResponse> = {}): StoredResponse {
  return {
    url: `https://example.org/package-${number}.tgz`,
    status: 200,
    fields: ['Content-Type', 'application/octet-stream', 'ETag', `"${number}"`, 'X-Two', 'a', 'x-two', 'ä'],
    requestedAt: 1_700_000_000_000 + number,
    receivedAt: 1_700_000_000_050 + number,
    content: { digest: digestOf(Buffer.from(String(number))), sizeBytes: number },
    vary: {},
    rule: 'npm.tarball',
    fetchMs: 50,
    ...overrides,
  }
}

/** As plain data, so that two of them compare by what they hold. */
export function plain(variants: readonly StoredResponse[]): unknown {
  return JSON.parse(JSON.stringify(variants))
}

export async function entriesOf(index: ResponseIndex): Promise<Map<string, readonly StoredResponse[]>> {
  const found = new Map<string, readonly StoredResponse[]>()
  for await (const [key, variants] of index.entries()) found.set(key, variants)
  return found
}
