import { Fault } from '../base/faults.ts'
import { classRuleFor } from '../ecosystem/classify.ts'
import { possibleKeys } from '../key/cache-key.ts'
import { type Change, changeKey, changeResponses } from '../pipeline/change-responses.ts'
import { type FoundResponse, findResponses, responsesOf } from '../pipeline/find-responses.ts'
import { firstInOrder } from '../pipeline/first-in-order.ts'
import type { Services } from '../pipeline/services.ts'
import { storedShares } from '../pipeline/stored-shares.ts'
import { sweepBlobs } from '../pipeline/sweep.ts'
import type { StoredAdmin } from '../server/admin-stored.ts'
import { type Layout, layoutOf } from '../store/layout.ts'
import { sweepStaging } from '../store/sweep-staging.ts'

/** No ingest waits so long for its next bytes. */
const stagingGraceMs = 24 * 3_600_000

/** Finding and removing in the stores that run. */
export function storedAdmin(services: Services, dataFolder: string): StoredAdmin {
  const layout: Layout = layoutOf(dataFolder)
  return {
    find: ({ selection, showQueries }) => findResponses(selection, services, showQueries),
    firstInOrder: ({ selection, showQueries }, sort, reverse, count) =>
      firstInOrder(findResponses(selection, services, showQueries), sort, reverse, count),
    under: (key, showQueries) => responsesOf(key, services, showQueries),
    change: (change) => changeResponses(change, services),
    changeUrl: (url, change) => changeUrl(url, change, services),
    sweep: async (isTrial) => ({
      ...(await sweepBlobs(services, isTrial)),
      stagingCount: await sweepStaging(layout, services.clock.now() - stagingGraceMs, isTrial),
    }),
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
