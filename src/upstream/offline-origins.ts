import { Fault } from '../base/faults.ts'
import type { Dialer } from './dialer.ts'
import type { OriginFetcher } from './origin-fetcher.ts'

/** The ways to origins of a proxy that is offline: there is nothing behind them that could resolve a name or open a connection. */
export function createOfflineOrigins(): { readonly fetcher: OriginFetcher; readonly dialer: Dialer } {
  return {
    fetcher: {
      fetch: async ({ target }) => refuse(`${target.scheme}://${target.authority}`),
      close: async () => {},
    },
    dialer: { dial: async ({ host, port }) => refuse(`${host}:${port}`) },
  }
}

function refuse(peer: string): never {
  throw new Fault('ORIGIN_OFFLINE', `${peer} is not asked`)
}
