import { Fault } from '../base/faults.ts'
import { classRuleFor } from '../ecosystem/classify.ts'
import { possibleKeys } from '../key/cache-key.ts'
import { type Change, changeKey, changeResponses } from '../pipeline/change-responses.ts'
import { type FoundResponse, findResponses, responsesOf } from '../pipeline/find-responses.ts'
import { firstInOrder } from '../pipeline/first-in-order.ts'
import type { Services } from '../pipeline/services.ts'
import { storedShares } from '../pipeline/stored-shares.ts'
import { type Swept, sweepBlobs } from '../pipeline/sweep.ts'
import type { StoredAdmin } from '../server/admin-stored.ts'
import type { Stores } from './stores.ts'

/** Finding and removing in the stores that run. */
export function storedAdmin(services: Services, stores: Stores): StoredAdmin {
  return {
    find: ({ selection, showQueries }) => findResponses(selection, services, showQueries),
    firstInOrder: ({ selection, showQueries }, sort, reverse, count) =>
      firstInOrder(findResponses(selection, services, showQueries), sort, reverse, count),
    under: (key, showQueries) => responsesOf(key, services, showQueries),
    audited: (change) => services.observer({ kind: 'admin-change', at: services.clock.now(), ...change }),
    change: (change) => changeResponses(change, services),
    changeUrl: (url, change) => changeUrl(url, change, services),
    sweep: (isTrial) => sweep(isTrial, services, stores),
    shares: (top) => storedShares(services, top),
  }
}

async function changeUrl(
  url: string,
  change: Change,
  services: Services,
): Promise<{ readonly wasThere: boolean; readonly changed: readonly FoundResponse[] }> {
  const target = services.parseTarget(url)
  if ('invalid' in target) throw new Fault('CLIENT_REQUEST_INVALID', `${url}: ${target.invalid}`)
  const keys = possibleKeys(target, classRuleFor(target), services.keyTerms)
  const before = await Promise.all(keys.map((key) => services.index.get(key)))
  const changed = await Promise.all(keys.map((key) => changeKey(key, change, services)))
  return { wasThere: before.some((variants) => variants.length > 0), changed: changed.flat() }
}

/** What no record names goes by the index itself; then the disk is counted again. */
async function sweep(isTrial: boolean, services: Services, { upkeep, quota }: Stores): Promise<Swept> {
  const blobs = await sweepBlobs(services, isTrial, (digest) => quota?.isClaimed(digest) === true)
  if (isTrial) return { ...blobs, ...(await upkeep.trial()) }
  const { blobCount, blobBytes, stagingCount, quarantineCount } = await upkeep.tidy()
  return {
    blobCount: blobs.blobCount + blobCount,
    blobBytes: blobs.blobBytes + blobBytes,
    stagingCount,
    quarantineCount,
  }
}
