import type { BlobRef, BlobStore, ByteSource } from '../../src/store/blob-store.ts'

/** `sizeBytes` bytes that depend on `seed`. */
export function content(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  let state = seed * 2_654_435_761
  for (let i = 0; i < sizeBytes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Everything from `position` to the end, the chunks given back. */
export async function readAll(source: ByteSource, position = 0, limitBytes = 64 * 1024): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let at = position; ; ) {
    const chunk = await source.next(at, limitBytes)
    if (chunk === undefined) return Buffer.concat(parts)
    parts.push(Buffer.from(chunk))
    at += chunk.length
    source.release(chunk)
  }
}

export async function put(
  store: BlobStore,
  bytes: Buffer,
  pieceBytes = 10_000,
  declaredBytes?: number,
): Promise<BlobRef> {
  const writer = store.create(declaredBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (!writer.write(bytes.subarray(at, at + pieceBytes))) await writer.drained()
  }
  try {
    return await writer.commit()
  } finally {
    writer.endReading()
  }
}

/** The bytes of a blob; `undefined` when it is not there. */
export async function get(store: BlobStore, ref: BlobRef): Promise<Buffer | undefined> {
  const source = await store.open(ref)
  if (source === undefined) return undefined
  try {
    return await readAll(source)
  } finally {
    source.close()
  }
}

export async function listed(store: BlobStore): Promise<BlobRef[]> {
  const refs: BlobRef[] = []
  for await (const ref of store.list()) refs.push(ref)
  return refs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
}
