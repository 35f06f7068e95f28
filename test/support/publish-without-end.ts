import { writeSync } from 'node:fs'
import { openStores } from '../../src/app/stores.ts'
import { content } from './blob-content.ts'
import { testSettings } from './larder.ts'
import { storedResponse } from './stored-responses.ts'

/** Sizes on both sides of what goes into a file of its own. */
const sizes = [0, 10, 3_000, 20_000, 65_536, 65_537, 150_000, 700_000]

export function publishedContent(number: number): Buffer {
  return content(sizes[number % sizes.length]!, number)
}

export function publishedKey(number: number): string {
  return `https://example.org/published/${number}`
}

/**
 * As a program: `node publish-without-end.ts FOLDER FIRST` stores responses from number FIRST on, several at a time, and
 * writes the number of each on a line of its own once it is acknowledged. It ends when it is killed.
 */
async function publish(folder: string, first: number): Promise<never> {
  const { blobs, index } = openStores(testSettings(folder))
  let next = first
  const one = async (): Promise<never> => {
    for (;;) {
      const number = next++
      const bytes = publishedContent(number)
      const writer = blobs.create()
      for (let at = 0; at < bytes.length; at += 16_384) {
        if (!writer.write(bytes.subarray(at, at + 16_384))) await writer.drained()
      }
      const ref = await writer.commit()
      writer.endReading()
      await index.update(publishedKey(number), () => [storedResponse(number, { content: ref })])
      writeSync(1, `${number}\n`)
    }
  }
  return Promise.race(Array.from({ length: 12 }, one))
}

if (import.meta.main) await publish(process.argv[2]!, Number(process.argv[3]))
