import type { ByteSource } from './blob-store.ts'

/** Reads content that is in memory, and never changes. */
export function bufferSource(content: Buffer): ByteSource {
  return {
    sizeBytes: content.length,
    whole: content,
    next: (position, limitBytes) =>
      position < content.length ? content.subarray(position, position + limitBytes) : undefined,
    release: () => {},
    close: () => {},
  }
}
