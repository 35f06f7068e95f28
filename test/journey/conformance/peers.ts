import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { squid } from '../../../scripts/benchmark/peers.ts'
import { freePort, type RunningServer, startServer } from '../../../scripts/benchmark/processes.ts'
import { ask } from '../../support/proxy-client.ts'
import type { Subject } from './subjects.ts'
import type { SuiteOrigin } from './suite-origin.ts'

type StartPeer = (origin: SuiteOrigin, folder: string) => Promise<Subject>

/** Squid as Debian packs it, with ssl-bump for the intercepted face. */
async function startSquid(origin: SuiteOrigin, folder: string): Promise<Subject> {
  writeFileSync(join(folder, 'ca.pem'), origin.ca)
  const { start, caFile } = await squid({ folder })
  const server = await start()
  return { name: 'squid', sign: { field: 'via', word: 'squid' }, ca: readFileSync(caFile!, 'utf8'), server }
}

/** What makes a forward proxy of the package's own configuration; all rules of caching stay as packed. */
const forwardProxy = (port: number): string => `
CONFIG proxy.config.http.server_ports STRING ${port}:ip-in=127.0.0.1
CONFIG proxy.config.url_remap.remap_required INT 0
CONFIG proxy.config.reverse_proxy.enabled INT 0
CONFIG proxy.config.http.insert_response_via_str INT 1
CONFIG proxy.config.hostdb.host_file.path STRING /etc/hosts
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 2
CONFIG proxy.config.admin.user_id STRING #-1
`

const folders = { sysconfdir: 'etc', localstatedir: 'var', runtimedir: 'run', logdir: 'log', cachedir: 'cache' }

/** It listens before it has read /etc/hosts, and answers 500 for local names until then. */
async function namesAreKnown({ port, stop }: RunningServer, url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await ask(port, url)).status === 200) return
    await sleep(100)
  }
  await stop()
  throw new Error(`trafficserver does not find ${url}`)
}

/** Apache Traffic Server as Debian packs it. It opens no tunnels of a forward proxy: it has the plain face alone. */
async function startTrafficServer(origin: SuiteOrigin, folder: string): Promise<Subject> {
  const port = await freePort()
  const own = join(folder, 'trafficserver')
  mkdirSync(own)
  for (const name of Object.values(folders)) mkdirSync(join(own, name))
  const configuration = join(own, folders.sysconfdir)
  cpSync('/etc/trafficserver', configuration, { recursive: true, dereference: true })
  const records = join(configuration, 'records.config')
  writeFileSync(records, readFileSync(records, 'utf8') + forwardProxy(port))
  writeFileSync(join(configuration, 'storage.config'), `${join(own, folders.cachedir)} 64M\n`)
  const layout = Object.entries({ prefix: '.', exec_prefix: '.', ...folders }).map(([name, at]) => [
    name,
    join(own, at),
  ])
  const packed = { bindir: '/usr/bin', sbindir: '/usr/sbin', libexecdir: '/usr/lib/trafficserver/modules' }
  const lines = [...layout, ...Object.entries(packed)].map(([name, at]) => `${name}: ${at}\n`)
  writeFileSync(join(own, 'runroot.yaml'), lines.join(''))
  chmodSync(own, 0o755)
  const parameters = [`--run-root=${join(own, 'runroot.yaml')}`]
  const server = await startServer({ name: 'trafficserver', command: 'traffic_server', parameters, port, folder })
  await namesAreKnown(server, `http://${origin.plain}/`)
  return { name: 'trafficserver', sign: { field: 'via', word: 'ApacheTrafficServer' }, server }
}

/** Other proxies that the suite can be run against for comparison. */
export const peers = { squid: startSquid, trafficserver: startTrafficServer } as const satisfies Record<
  string,
  StartPeer
>
export type PeerName = keyof typeof peers
