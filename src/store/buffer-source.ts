import type { ByteSource } from './blob-store.ts'

/** Reads content that is in memory. */
export function bufferSource(content: Buffer): ByteSource {
  return {
    sizeBytes: content.length,
    next: (position, limitBytes) =>
      position < content.length ? content.subarray(position, position + limitBytes) : undefined,
    release: () => {},
    close: () => {},
  }
}
