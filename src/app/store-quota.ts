import { systemClock, type Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import type { Settings } from '../config/settings.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { walkBlobFiles } from '../store/blob-walk.ts'
import type { RecordKeys } from '../store/entry-table.ts'
import { EvictionMemory } from '../store/eviction-memory.ts'
import { filesystemRoom } from '../store/filesystem-room.ts'
import type { Layout } from '../store/layout.ts'
import { learnStored, type StoredRecords } from '../store/learn-stored.ts'
import type { Quarantine, QuarantineLimits } from '../store/quarantine.ts'
import { Quota } from '../store/quota.ts'
import { QuotaBlobStore } from '../store/quota-blob-store.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import { FilesSetAside } from '../store/set-aside.ts'
import { maxSmallBytes } from '../store/sized-blob-store.ts'
import type { SqliteBlobStore } from '../store/sqlite-blob-store.ts'
import { usualLogBytes } from '../store/sqlite-group-commit.ts'
import { StoreLedger } from '../store/store-ledger.ts'
import type { DatabaseRoom } from '../store/store-use.ts'
import { Upkeep } from '../store/upkeep.ts'

export interface StoreQuotaInput {
  readonly settings: Settings
  readonly layout: Layout
  readonly ledger: StoreLedger
  /** All blobs, and the small ones alone. */
  readonly blobs: BlobStore
  readonly smallBlobs: SqliteBlobStore
  readonly index: ResponseIndex
  /** The records of an index that is embedded. */
  readonly storedRecords: StoredRecords | undefined
  /** The other databases. */
  readonly databases: readonly DatabaseRoom[]
  /** The index is whole. */
  readonly opened: Promise<void>
  readonly observer: Observer
  readonly failed: (error: unknown) => void
  readonly onEvict: (key: string) => void
  readonly quarantine: Quarantine
  /** The index is embedded and has every record that there is. */
  readonly knowsRecords: () => boolean
  readonly timers: Timers
  readonly note: (text: string) => void
}

export interface StoreQuota {
  readonly quota: Quota
  readonly upkeep: Upkeep
  /** Another folder, or another database, is in the place of one that was known. Resolves once all in it is. */
  renew(): Promise<void>
  /** The blobs, of which only those are taken in that there is room for. */
  readonly blobs: BlobStore
  close(): Promise<void>
}

const kib = 1024
const mib = 1024 * kib
/** A log may be so large a part of the quota; folded at this size, it is never above three times as large. */
const logShare = 1 / 200
const logPeak = 3
/** 256 folders, shared memory of the databases, and the small files. */
const foldersBytes = 258 * 4 * kib + 512 * kib
/** One object may take so much of the quota (CORRECTNESS section 7). */
const largestShare = 0.1

/** When the logs of the databases are folded. */
export function logBytesOf({ quotaBytes }: Settings): number {
  return Math.max(mib / 2, Math.min(usualLogBytes, Math.floor(quotaBytes * logShare)))
}

/** What is set aside counts as used from the start: damage must not push the store over its quota. */
export function quarantineLimits({ quotaBytes }: Settings): QuarantineLimits {
  return { maxCount: 100, maxBytes: Math.min(256 * mib, Math.floor(quotaBytes / 40)) }
}

export function createLedger({ eviction }: Settings, keys: RecordKeys): StoreLedger {
  return new StoreLedger({ clock: systemClock, policy: eviction, keys, largestRowBytes: maxSmallBytes })
}

/** The quota over stores that are open, and what they need done; it looks at once what they hold, and every hour again. */
export function openStoreQuota(input: StoreQuotaInput): StoreQuota {
  const { settings, ledger } = input
  const memory = settings.index.medium === 'sqlite' ? openMemory(input) : undefined
  const setAside = new FilesSetAside(input.layout.root)
  const quota = openQuota(input, memory, setAside)
  const upkeep = new Upkeep({ ...input, quota, memory, setAside, clock: systemClock })
  input.quarantine.onTaken((digest) => ledger.blobs.remove(digest))
  const learn = learning(input, memory)
  upkeep.begin()
  const blobs = new QuotaBlobStore({
    inner: input.blobs,
    reservations: quota.reservations,
    ledger,
    largestRowBytes: maxSmallBytes,
    largestBytes: Math.floor(settings.quotaBytes * largestShare),
  })
  return {
    quota,
    upkeep,
    blobs,
    // Records elsewhere are what they were.
    renew: () => upkeep.renew(input.storedRecords === undefined ? undefined : learn),
    close: async () => {
      await Promise.all([upkeep.close(), quota.close()])
      await memory?.save()
    },
  }
}

function openMemory({ settings, layout, ledger, note }: StoreQuotaInput): EvictionMemory {
  return new EvictionMemory({ path: layout.eviction, policy: settings.eviction, entries: ledger.entries, note })
}

function openQuota(input: StoreQuotaInput, memory: EvictionMemory | undefined, setAside: FilesSetAside): Quota {
  const { settings, layout, ledger, smallBlobs, databases } = input
  const { quotaBytes, highWater, lowWater } = settings
  const fixedBytes = foldersBytes + 3 * logPeak * logBytesOf(settings) + quarantineLimits(settings).maxBytes
  return new Quota(
    {
      quotaBytes,
      highWater,
      lowWater,
      ledger,
      blobs: input.blobs,
      index: input.index,
      smallBlobs: smallBlobs.room,
      databases: [...databases, setAside, ...(memory === undefined ? [] : [memory.room])],
      setAside,
      fixedBytes,
      filesystem: filesystemRoom(layout.root, systemClock),
      observer: input.observer,
      failed: input.failed,
      onEvict: input.onEvict,
    },
    {
      files: walkBlobFiles(layout, systemClock, (ref) => ledger.blobs.add(ref)),
      rest: learning(input, memory),
    },
  )
}

/** Learns what is stored beside files, and then how often it was asked for. */
function learning(input: StoreQuotaInput, memory: EvictionMemory | undefined) {
  return async (isOver: () => boolean): Promise<void> => {
    await scan(input, isOver)
    if (!isOver()) await memory?.restore(() => new Promise(setImmediate))
  }
}

const noRecords: StoredRecords = { count: Promise.resolve(0), pages: () => [] }

/** Counts what is stored beside files. What others have in a shared index is not ours to count, and one in memory is empty. */
async function scan(
  { ledger, smallBlobs, storedRecords, opened }: StoreQuotaInput,
  isOver: () => boolean,
): Promise<void> {
  await opened
  await learnStored({ ledger, smallBlobs, records: storedRecords ?? noRecords, isOver })
}
