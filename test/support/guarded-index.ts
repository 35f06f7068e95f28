import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock, systemTimers, type Timers } from '../../src/base/clock.ts'
import { GuardedKeyvStorage } from '../../src/store/keyv-guarded-storage.ts'
import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { PurgeMemory } from '../../src/store/purge-memory.ts'
import { RecordSeal } from '../../src/store/record-seal.ts'
import type { RemoteStorage } from '../../src/store/remote-storage.ts'
import type { ResponseIndex } from '../../src/store/response-index.ts'
import { makeStoreFolder } from './store-folder.ts'

/** Deadlines ten times as long: on a busy machine a server of the test is slow, which is not what is tested here. */
const patient: Timers = { after: (ms, due) => systemTimers.after(10 * ms, due) }

/** An index on a server, with what a test needs to look behind it. */
export interface GuardedIndex {
  readonly index: ResponseIndex
  readonly remote: RemoteStorage
  readonly seal: RecordSeal
  /** `down`, `up` and the reasons of rejections, in their order. */
  readonly told: readonly string[]
  /** Puts a sealed text where the record of `key` belongs. */
  plant(key: string, text: string): Promise<void>
  end(): Promise<void>
}

export interface GuardedIndexOptions {
  readonly secret?: Buffer
  readonly partition?: string
}

export async function openGuardedIndex(
  remote: RemoteStorage,
  { secret = randomBytes(32), partition = 'test' }: GuardedIndexOptions = {},
): Promise<GuardedIndex> {
  const folder = makeStoreFolder()
  const seal = new RecordSeal(secret, partition)
  const told: string[] = []
  const storage = new GuardedKeyvStorage({
    remote,
    seal,
    purges: new PurgeMemory(join(folder.layout.root, 'index.purged')),
    clock: systemClock,
    timers: patient,
    watcher: {
      down: () => void told.push('down'),
      up: () => void told.push('up'),
      rejected: (why) => void told.push(why),
    },
  })
  await storage.opened
  const index = createKeyvResponseIndex(storage, true)
  return {
    index,
    remote,
    seal,
    told,
    plant: async (key, text) => {
      await remote.set(seal.nameOf(key), seal.close(key, Date.now(), text))
    },
    end: async () => {
      await index.close()
      folder.remove()
    },
  }
}
