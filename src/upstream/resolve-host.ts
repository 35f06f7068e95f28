import { promises as dns, type LookupAddress } from 'node:dns'

/** All addresses of a name, as the system's resolver gives them; rejects with its error. */
export type ResolveHost = (host: string) => Promise<readonly LookupAddress[]>

/** The system's resolver. Questions for a name that is being asked already wait for the same answer. */
export function systemResolver(
  lookupAll: ResolveHost = (host) => dns.lookup(host, { all: true, order: 'verbatim' }),
): ResolveHost {
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>()
  return (host) => {
    const known = underWay.get(host)
    if (known !== undefined) return known
    const answer = lookupAll(host).finally(() => underWay.delete(host))
    underWay.set(host, answer)
    return answer
  }
}
