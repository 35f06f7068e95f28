import { FTPError } from 'basic-ftp'
import type { Fault } from '../base/faults.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { checkedAddresses } from './checked-addresses.ts'
import { connectFault, connectTimeout } from './connect-faults.ts'
import type { FtpAccess } from './ftp-access.ts'
import { ftpFault } from './ftp-faults.ts'
import { FtpSession, type FtpSessionOptions } from './ftp-session.ts'
import type { ResolveHost } from './resolve-host.ts'

export interface FtpConnectOptions extends FtpSessionOptions {
  readonly resolve: ResolveHost
}

/**
 * A control connection that is logged in, with TLS where `access` says so. Tries the addresses in the resolver's order; all of
 * them were checked before the first is dialled. `sessions` holds it from its beginning, so that it can be closed from outside.
 */
export async function openFtpSession(
  target: TargetUri,
  access: FtpAccess,
  options: FtpConnectOptions,
  sessions: Set<FtpSession>,
): Promise<FtpSession> {
  const peer = `${target.host}:${target.port}`
  const addresses = await addressesOf(target, peer, options)
  for (const [i, { address }] of addresses.entries()) {
    const session = new FtpSession(options)
    sessions.add(session)
    try {
      await enter(session, address, target, access)
      return session
    } catch (error) {
      session.close()
      sessions.delete(session)
      const fault = ftpFault(error, 'connect', peer)
      const isUnreachable = fault.code === 'ORIGIN_CONNECT_REFUSED' || fault.code === 'ORIGIN_CONNECT_TIMEOUT'
      if (!isUnreachable || i === addresses.length - 1) throw fault
    }
  }
  throw new Error(`${peer} has no address`)
}

/** Does this fault of a connection from before mean that it had ended, while nobody used it or at this very use? */
export function showsEnd(fault: Fault): boolean {
  return fault.code === 'ORIGIN_CONNECTION_LOST' || (fault.cause instanceof FTPError && fault.cause.code === 421)
}

async function enter(session: FtpSession, address: string, target: TargetUri, access: FtpAccess): Promise<void> {
  const { host, port } = target
  const peer = `${host}:${port}`
  const failing = (stage: 'connect' | 'tls' | 'login') => (error: unknown) => {
    throw ftpFault(error, stage, peer)
  }
  await session.connect(address, port, host, access.tls).catch(failing(access.tls === 'implicit' ? 'tls' : 'connect'))
  if (access.tls === 'explicit') await session.secure(host).catch(failing('tls'))
  await session.login(access).catch(failing('login'))
}

async function addressesOf(
  { host, port }: TargetUri,
  peer: string,
  { guard, resolve, connectTimeoutMs }: FtpConnectOptions,
): Promise<readonly { readonly address: string }[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(connectTimeout('name', peer, connectTimeoutMs)), connectTimeoutMs)
  })
  try {
    return await Promise.race([checkedAddresses(host, port, resolve, guard), late])
  } catch (error) {
    throw connectFault(error, 'name', peer)
  } finally {
    clearTimeout(timer)
  }
}
