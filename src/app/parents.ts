import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import type { ParentAddress, Settings } from '../config/settings.ts'
import { createAddressRules } from '../govern/address-rules.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { ConnectionGuard } from '../upstream/connection-guard.ts'
import { anonymous, type FtpAccessRule } from '../upstream/ftp-access.ts'
import { createDialer } from '../upstream/net-dialer.ts'
import type { ConnectOptions } from '../upstream/open-connection.ts'
import { hopOf, type Parent, parentFields } from '../upstream/parent.ts'
import { openToParent, openTunnel } from '../upstream/parent-connection.ts'
import { ParentHealth } from '../upstream/parent-health.ts'
import { type ParentHop, ParentSet, type ParentView, type Ways } from '../upstream/parent-set.ts'
import { createParentsDialer, createParentsFetcher } from '../upstream/parents.ts'
import type { ResolveHost } from '../upstream/resolve-host.ts'
import { createHttpFetcher, type HttpFetcherOptions } from '../upstream/undici-origin-fetcher.ts'
import { noProxyCheck } from './no-proxy.ts'
import { readLogins } from './private-logins.ts'

export interface ParentsInput {
  readonly settings: Settings
  readonly clock: Clock
  readonly selfCheck: (host: string, port: number) => Fault | undefined
  /** Judges addresses of origins. */
  readonly guard: ConnectionGuard
  readonly resolve: ResolveHost
  readonly trust: SecureContext
  readonly http: HttpFetcherOptions
  readonly ftpAccess: FtpAccessRule
  readonly own: Ways
}

/** The ways to origins, and how the parents among them do. */
export interface WaysByParents extends Ways {
  parents(): readonly ParentView[]
}

/** The ways through the parents of the settings; without any, our own. Throws as `readLogins` does. */
export function waysByParents(input: ParentsInput): WaysByParents {
  const { settings, own, guard } = input
  const addresses = settings.parents.filter((one) => one !== 'direct')
  if (addresses.length === 0) return { ...own, parents: () => [] }
  const credentials = settings.parentCredentialFiles.flatMap((file) => readLogins('parent-credentials', file))
  const set = new ParentSet({
    hops: addresses.map((address) => hopTo(withCredentials(address, credentials), input)),
    own,
    mayGoDirect: settings.parents.includes('direct'),
    isExempt: noProxyCheck(settings.noProxy),
    checkTarget: (host, port) => literalCheck(host, port, guard),
  })
  return {
    fetcher: createParentsFetcher(set, ({ target }) => isForOwnOnly(target, input.ftpAccess)),
    dialer: createParentsDialer(set),
    parents: () => set.views,
  }
}

function hopTo(parent: Parent, input: ParentsInput): ParentHop {
  const { clock, resolve, trust, settings } = input
  const { connectTimeoutMs } = settings
  const options: ConnectOptions = { guard: parentGuard(input), resolve, trust, connectTimeoutMs, sessions: new Map() }
  return {
    parent,
    health: new ParentHealth(clock),
    fetcher: createHttpFetcher({
      ...input.http,
      parent: {
        open: (target, connected) => {
          if (target.tls) openTunnel(parent, target, options, connected)
          else openToParent(parent, options, connected)
        },
        fields: parentFields(parent),
      },
    }),
    dialer: createDialer((target, connected) => openTunnel(parent, target, options, connected)),
  }
}

/** Who names a parent means it, wherever it is: but no address that is denied by name, and never ourselves. */
function parentGuard({ settings, selfCheck }: ParentsInput): ConnectionGuard {
  const rules = createAddressRules({ allow: ['0.0.0.0/0', '::/0'], deny: settings.denyAddresses })
  return (address, port) => {
    const verdict = rules(address)
    if (verdict !== 'allowed') return new Fault('ORIGIN_ADDRESS_PROHIBITED', `${address} is ${verdict}`)
    return selfCheck(address, port)
  }
}

/** Names are looked up by the parent, whose rules hold for them. What is an address already, or means this machine, is ours to judge. */
function literalCheck(host: string, port: number, guard: ConnectionGuard): Fault | undefined {
  if (isIP(host) !== 0) return guard(host, port)
  return host === 'localhost' || host.endsWith('.localhost') ? guard('127.0.0.1', port) : undefined
}

function withCredentials(address: ParentAddress, credentials: ReturnType<typeof readLogins>): Parent {
  const found = credentials.find(({ machine }) => machine === hopOf(address))
  const pair = found && Buffer.from(`${found.user}:${found.password}`, 'utf8').toString('base64')
  return { ...address, authorization: pair && `Basic ${pair}` }
}

/** A parent is told no login for a server, and speaks no TLS with FTP servers. */
function isForOwnOnly(target: TargetUri, access: FtpAccessRule): boolean {
  if (target.scheme !== 'ftp' && target.scheme !== 'ftps') return false
  const { user, tls } = access(target)
  return tls !== 'none' || user !== anonymous.user
}
