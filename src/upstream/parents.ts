import type { Duplex } from 'node:stream'
import { asFault, Fault } from '../base/faults.ts'
import type { Dialer, DialTarget } from './dialer.ts'
import { checkFtpRequest } from './ftp-request.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { hopOf, ParentFault } from './parent.ts'
import type { ParentHop, ParentSet, Ways } from './parent-set.ts'
import { isTransient } from './retry-schedule.ts'

const gatewayStatuses = new Set([502, 503, 504])
const proxyAuthentication = 407

/**
 * Fetches through the first parent that leads to the origin. While nothing was sent to the origin, the next one is tried within the
 * same attempt.
 */
export function createParentsFetcher(
  set: ParentSet,
  /** Is this a target that no parent can be asked for? */
  isForOwnOnly: (request: OriginRequest) => boolean,
): OriginFetcher {
  const { own, hops, mayGoDirect, isExempt } = set.options
  return {
    fetch: async (request) => {
      const { target } = request
      if (isForOwnOnly(request)) {
        if (mayGoDirect || isExempt(target.host)) return own.fetcher.fetch(request)
        throw new Fault('ORIGIN_PARENT_REFUSED', `${target.authority}: FTP with a login or TLS goes through no parent`)
      }
      return firstOf(
        set,
        target,
        (way) => fetchBy(way, request),
        () => request.isWanted?.() !== false,
      )
    },
    close: async () => {
      await Promise.all([own, ...hops].map(({ fetcher }) => fetcher.close()))
    },
  }
}

/** Opens raw connections through the first parent that leads to the origin. */
export function createParentsDialer(set: ParentSet): Dialer {
  return {
    dial: (target) =>
      firstOf(
        set,
        target,
        (way) => dialBy(way, target),
        () => true,
      ),
  }
}

async function firstOf<T>(
  set: ParentSet,
  target: { readonly host: string; readonly port: number },
  take: (way: ParentHop | Ways) => Promise<T>,
  isWanted: () => boolean,
): Promise<T> {
  const { isExempt, checkTarget } = set.options
  const denied = isExempt(target.host) ? undefined : checkTarget(target.host, target.port)
  if (denied !== undefined) throw denied
  const failures: ParentFault[] = []
  for (const way of set.waysTo(target)) {
    try {
      return await take(way)
    } catch (error) {
      if (!(error instanceof ParentFault) || error.blame === 'refused' || !isWanted()) throw error
      failures.push(error)
    }
  }
  throw allFailed(failures)
}

async function fetchBy(way: ParentHop | Ways, request: OriginRequest): Promise<OriginResponse> {
  if (!('parent' in way)) return way.fetcher.fetch(request)
  const origin = hopOf(request.target)
  const isTunnelled = request.target.scheme === 'https'
  let response: OriginResponse
  try {
    if (request.target.scheme === 'ftp') checkFtpRequest(request)
    response = await way.fetcher.fetch(request)
  } catch (error) {
    throw noted(asFault(error), way, origin, isTunnelled)
  }
  if (!isTunnelled && response.status === proxyAuthentication) {
    response.cancel()
    const fault = new ParentFault(way.parent, 'broken', 'it wants other credentials')
    noted(fault, way, origin, isTunnelled)
    // Content that was sent cannot be sent again.
    throw request.body === undefined ? fault : new Fault(fault.code, fault.message, { nextHop: fault.nextHop })
  }
  if (!isTunnelled && gatewayStatuses.has(response.status)) {
    way.health.failedFor(origin, `it answered for ${origin} with ${response.status}`)
  } else way.health.worked(origin)
  return response
}

async function dialBy(way: ParentHop | Ways, target: DialTarget): Promise<Duplex> {
  if (!('parent' in way)) return way.dialer.dial(target)
  const origin = hopOf(target)
  try {
    const connection = await way.dialer.dial(target)
    way.health.worked(origin)
    return connection
  } catch (error) {
    throw noted(asFault(error), way, origin, true)
  }
}

/** Takes down what the fault says of the parent; answers it with the parent's name. */
function noted(fault: Fault, { parent, health }: ParentHop, origin: string, isTunnelled: boolean): Fault {
  if (fault instanceof ParentFault) {
    if (fault.blame === 'broken') health.broke(fault.message)
    else if (fault.blame === 'no-way') health.failedFor(origin, fault.message)
    else health.worked(origin)
    return fault
  }
  // Who broke the connection cannot be seen when the parent speaks for the origin.
  if (!isTunnelled && isTransient(fault)) health.failedFor(origin, fault.message)
  return new Fault(fault.code, fault.message, { cause: fault.cause, nextHop: hopOf(parent) })
}

function allFailed(failures: readonly ParentFault[]): Fault {
  const [only] = failures
  if (failures.length === 1) return only!
  const message = failures.map((fault) => fault.message).join('; ')
  return new Fault('ORIGIN_PARENT_FAILED', message, { nextHop: failures.at(-1)?.nextHop })
}
