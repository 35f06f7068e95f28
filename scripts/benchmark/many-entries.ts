import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { parseDigest } from '../../src/base/digest.ts'
import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { layoutOf } from '../../src/store/layout.ts'
import { prepareFolder } from '../../src/store/prepare-folder.ts'
import { SqliteBlobStore } from '../../src/store/sqlite-blob-store.ts'
import { Checkpointer } from '../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../src/store/sqlite-keyv-storage.ts'

/** Entries that are written at the same time. */
const batchCount = 2000
export const contentBytes = 2048

/** The URL of entry `number`; nobody serves it but the store. */
export function entryUrl(number: number): string {
  return `http://packages.larder-bench.test/pool/main/p/package-${number}/package-${number}_1.2.3-4_amd64.deb`
}

function contentOf(number: number): Buffer {
  return Buffer.alloc(contentBytes, `${number} `)
}

/** Fills a data folder with small entries, as the daemon itself stores them; answers how many a second. */
export async function fillStore(folder: string, count: number): Promise<number> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const layout = layoutOf(folder)
  prepareFolder(layout)
  const checkpointer = new Checkpointer()
  const blobs = new SqliteBlobStore(layout.smallBlobs, checkpointer)
  const index = createKeyvResponseIndex(new SqliteKeyvStorage(layout.index, checkpointer))
  const began = performance.now()
  for (let first = 0; first < count; first += batchCount) {
    const numbers = Array.from({ length: Math.min(batchCount, count - first) }, (_, at) => first + at)
    await Promise.all(
      numbers.map(async (number) => {
        const content = contentOf(number)
        const digest = parseDigest(createHash('sha256').update(content).digest('hex'))!
        await blobs.put(digest, content)
        const now = Date.now()
        const fields = ['Content-Type', 'application/vnd.debian.binary-package', 'ETag', `"${number}"`]
        const record = {
          url: entryUrl(number),
          status: 200,
          fields: [...fields, 'Cache-Control', 'max-age=31536000', 'Date', new Date(now).toUTCString()],
          requestedAt: now,
          receivedAt: now,
          content: { digest, sizeBytes: contentBytes },
          vary: {},
          rule: 'rfc',
          fetchMs: 20,
        }
        await index.update(entryUrl(number), () => [record], [])
      }),
    )
  }
  const perSecond = count / ((performance.now() - began) / 1000)
  await index.close()
  await blobs.close()
  await checkpointer.close()
  return perSecond
}
