import { networkInterfaces } from 'node:os'
import { Fault } from '../base/faults.ts'
import type { HostPort } from '../config/settings.ts'
import { canonicalAddress } from './address-bytes.ts'

const wildcards = new Set(['', '*', '0.0.0.0', '::'])

/** All addresses of this machine. */
export function localAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address))
}

/**
 * Tells whether an address and port are one of our own listeners (CORRECTNESS T22): then `CLIENT_LOOP`. Any loopback or
 * unspecified address with a port of ours counts, as does any local address when the listener takes all. Hosts that are
 * no address are not judged: their addresses are, when they are dialled.
 */
export function createSelfCheck(
  listening: () => readonly HostPort[],
  interfaces: () => readonly string[] = localAddresses,
): (address: string, port: number) => Fault | undefined {
  return (address, port) => {
    const here = listening().filter((listener) => listener.port === port)
    if (here.length === 0) return undefined
    const canonical = canonicalAddress(address)
    if (canonical === undefined || !here.some(({ host }) => reaches(canonical, host, interfaces))) return undefined
    return new Fault('CLIENT_LOOP', `${address} port ${port} is this proxy itself`)
  }
}

function reaches(address: string, listenHost: string, interfaces: () => readonly string[]): boolean {
  const host = canonicalAddress(listenHost) ?? listenHost.toLowerCase()
  if (address === host) return true
  const takesAll = wildcards.has(host)
  if (isLocalAlias(address)) return takesAll || host === 'localhost' || isLocalAlias(host)
  return takesAll && interfaces().some((own) => canonicalAddress(own) === address)
}

function isLocalAlias(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || wildcards.has(address)
}
