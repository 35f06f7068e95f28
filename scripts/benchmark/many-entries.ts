import { join } from 'node:path'
import { openStores, type Stores } from '../../src/app/stores.ts'
import type { Flags } from '../../src/config/given-options.ts'
import { loadSettings } from '../../src/config/load-settings.ts'

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

/** The stores of a data folder, as the daemon opens them. */
export function storesOf(folder: string, flags: Flags = {}): Stores {
  const { settings } = loadSettings({
    flags: { data: [folder], 'ca-dir': [join(folder, 'ca')], ...flags },
    environment: { HOME: folder },
    readFile: () => '',
  })
  return openStores(settings)
}

/** What one entry after another cost. */
export interface EntryRate {
  readonly count: number
  readonly perSecond: number
  /** CPU of this process for each, in microseconds. */
  readonly cpuMicros: number
}

/** Takes the time and the CPU of this process for work on so many entries. */
export async function rateOf(work: () => Promise<number>): Promise<EntryRate> {
  const began = performance.now()
  const before = process.cpuUsage()
  const count = await work()
  const { user, system } = process.cpuUsage(before)
  return { count, perSecond: count / ((performance.now() - began) / 1000), cpuMicros: (user + system) / count }
}

/** Stores small entries by way of quota, blobs and index, as the daemon does. */
export async function insertEntries(
  stores: Stores,
  first: number,
  count: number,
  progress: (done: number) => void = () => {},
): Promise<number> {
  for (let done = 0; done < count; ) {
    const numbers = Array.from({ length: Math.min(batchCount, count - done) }, (_, at) => first + done + at)
    await Promise.all(numbers.map((number) => insert(stores, number)))
    done += numbers.length
    progress(done)
  }
  return count
}

async function insert({ blobs, index }: Stores, number: number): Promise<void> {
  const writer = blobs.create(contentBytes)
  if (!writer.write(contentOf(number))) await writer.drained()
  const content = await writer.commit({ sizeBytes: contentBytes })
  writer.endReading()
  const now = Date.now()
  const fields = ['Content-Type', 'application/vnd.debian.binary-package', 'ETag', `"${number}"`]
  const record = {
    url: entryUrl(number),
    status: 200,
    fields: [...fields, 'Cache-Control', 'max-age=31536000', 'Date', new Date(now).toUTCString()],
    requestedAt: now,
    receivedAt: now,
    content,
    vary: {},
    rule: 'rfc',
    fetchMs: 20,
  }
  await index.update(entryUrl(number), () => [record], [])
}
