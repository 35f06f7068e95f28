import { join } from 'node:path'
import { type Digest, parseDigest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'

/**
 * The data folder, drawn once. Nothing else builds these paths.
 *
 *     DATA/
 *       FORMAT             "layout=2"
 *       lock               who uses the folder
 *       tmp/<random>       blobs being written; swept at start
 *       blobs/aa/<sha256>  blobs above 64 KiB, one file each, in 256 folders by the first two digits
 *       blobs.db           blobs up to 64 KiB (SQLite, with -wal and -shm)
 *       side.db            beside the blobs: sums of their chunks, copies of the index's records, as a log (SQLite, with -wal and -shm)
 *       quarantine/        damaged blobs, and databases that could not be read
 *       clean              the boot in which the folder was last closed in order; absent while it is used
 *       boot               the boot in which the databases were last opened, and were sound
 *       verify.json        how far verifying has come
 *       eviction           what eviction has learnt; a copy of what is in memory, written now and then
 *       index.db           the response index (SQLite, with -wal and -shm)
 *       index.key          secret that records of an index on a server are sealed with
 *       index.purged       when keys were purged, beside an index on a server
 *       admin.token        secret of an admin address on TCP
 */
export const layoutVersion = 2

export interface Layout {
  readonly root: string
  readonly format: string
  readonly lock: string
  readonly staging: string
  readonly blobs: string
  readonly smallBlobs: string
  readonly side: string
  readonly quarantine: string
  readonly clean: string
  readonly boot: string
  readonly verifyState: string
  readonly eviction: string
  readonly index: string
  readonly indexSecret: string
  readonly indexPurges: string
}

export function layoutOf(root: string): Layout {
  return {
    root,
    format: join(root, 'FORMAT'),
    lock: join(root, 'lock'),
    staging: join(root, 'tmp'),
    blobs: join(root, 'blobs'),
    smallBlobs: join(root, 'blobs.db'),
    side: join(root, 'side.db'),
    quarantine: join(root, 'quarantine'),
    clean: join(root, 'clean'),
    boot: join(root, 'boot'),
    verifyState: join(root, 'verify.json'),
    eviction: join(root, 'eviction'),
    index: join(root, 'index.db'),
    indexSecret: join(root, 'index.key'),
    indexPurges: join(root, 'index.purged'),
  }
}

/** A file for an ingest; `name` is 32 random hexadecimal digits. */
export function stagingFile(layout: Layout, name: string): string {
  return join(layout.staging, name)
}

export function isStagingName(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

/** The folder of a blob file. */
export function blobFolder(layout: Layout, digest: Digest): string {
  return join(layout.blobs, digest.slice(0, 2))
}

/** Paths are made of hexadecimal digits alone (CORRECTNESS T46), whatever was taken for a digest. */
export function blobFile(layout: Layout, digest: Digest): string {
  if (parseDigest(digest) === undefined) throw new Fault('STORE_IO', 'not a digest')
  return join(blobFolder(layout, digest), digest)
}

/** The names of the 256 folders. */
export function fanOut(): readonly string[] {
  return Array.from({ length: 256 }, (_, number) => number.toString(16).padStart(2, '0'))
}
