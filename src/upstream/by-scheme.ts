import type { OriginFetcher } from './origin-fetcher.ts'

/** One fetcher for all schemes. */
export function fetcherByScheme(fetchers: {
  readonly http: OriginFetcher
  readonly ftp: OriginFetcher
}): OriginFetcher {
  return {
    fetch: (request) => (request.target.scheme.startsWith('ftp') ? fetchers.ftp : fetchers.http).fetch(request),
    close: async () => {
      await Promise.all([fetchers.http.close(), fetchers.ftp.close()])
    },
  }
}
