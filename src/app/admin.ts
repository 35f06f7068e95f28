import { join } from 'node:path'
import { shownIndex } from '../config/setting-texts.ts'
import type { Settings } from '../config/settings.ts'
import { formatSize } from '../config/units.ts'
import { Fields } from '../http/fields.ts'
import { Exchange } from '../pipeline/exchange.ts'
import { explainExchange } from '../pipeline/explain-exchange.ts'
import { explainUrl } from '../pipeline/explain-url.ts'
import type { Services } from '../pipeline/services.ts'
import { type AdminServer, startAdminServer } from '../server/admin-server.ts'
import type { WhyQuestion } from '../server/admin-why.ts'
import type { PassedSocket } from '../server/listen-on.ts'
import type { Listener } from '../server/listener.ts'
import { NodeClientResponse } from '../server/node-client-response.ts'
import type { StoreUse } from '../store/store-use.ts'
import type { VerifyPass } from '../store/verify-pass.ts'
import { isTroubled } from '../upstream/origin-health.ts'
import { storedAdmin } from './admin-stored.ts'
import type { Alerting } from './alerting.ts'
import type { OpenedAuthority } from './authority.ts'
import type { Composed } from './compose.ts'
import type { Observation } from './observation.ts'
import { originView } from './origin-view.ts'
import type { Stores } from './stores.ts'

export interface AdminInput {
  readonly settings: Settings
  /** Listens already; else the address of the settings is taken. */
  readonly passed: PassedSocket | undefined
  readonly stores: Stores
  readonly listener: Listener
  readonly authority: OpenedAuthority | undefined
  readonly composed: Composed
  readonly observation: Observation
  readonly alerting: Alerting
  readonly verifying: VerifyPass
}

/** The admin address, answering from what runs. */
export function openAdmin(input: AdminInput): Promise<AdminServer> {
  const { settings, authority, composed, observation } = input
  const { services } = composed
  let fetchCount = 0
  return startAdminServer({
    address: input.passed ?? settings.admin,
    services: {
      live: () => true,
      ready: () => observation.readiness.ready(),
      metrics: () => observation.metrics.text(),
      status: () => statusOf(input),
      stats: () => ({ ...observation.totals.snapshot(), store: input.stores.quota?.use() }),
      origins: () => ({ origins: composed.originHealth().map(originView) }),
      refusals: () => ({ refusals: composed.refusals() }),
      alerts: () => input.alerting.snapshot(),
      why: async (question) => why(question, services),
      stored: storedAdmin(services, input.stores),
      verifying: {
        state: () => input.verifying.state,
        begin: (bytesPerSecond) => void input.verifying.run(bytesPerSecond),
        stop: () => input.verifying.stop(),
      },
      fetch: (url, response) => {
        fetchCount += 1
        const request = {
          method: 'GET',
          requestTarget: url,
          httpVersion: '1.1',
          fields: new Fields(['Host', hostOf(url)]),
          body: undefined,
          client: { address: 'admin', userAgent: 'larder' },
          tunnel: undefined,
        }
        const { clock } = services
        const answer = new NodeClientResponse(response)
        composed.run(new Exchange(`f${fetchCount}`, request, answer, clock.now(), clock.elapsed()))
      },
      caPem: authority?.trustedPem,
      tokenFile: join(settings.dataFolder, 'admin.token'),
    },
  })
}

/** The posture, in a few lines (CORRECTNESS 8.1.12). */
function statusOf({ settings, stores, listener, authority, composed, observation, alerting }: AdminInput): object {
  return {
    listen: listener.listening,
    data: settings.dataFolder,
    store: settings.store,
    index: shownIndex(settings.index),
    quota: quotaText(stores.quota?.use()),
    profile: settings.profile,
    offline: settings.offline,
    intercept: authority === undefined ? 'nothing: there is no CA' : settings.intercept,
    splice: settings.splice,
    allowAddress: settings.allowAddresses,
    allowClient: settings.allowClients,
    ca:
      authority === undefined
        ? null
        : {
            certificateFile: authority.authority.files.certificateFile,
            fingerprint: authority.authority.certificate.fingerprint256,
            notAfter: new Date(authority.authority.notAfterAt).toISOString(),
            ...(authority.successor && {
              next: authority.successor.authority.certificate.fingerprint256,
              nextFrom: new Date(authority.successor.fromAt).toISOString(),
            }),
          },
    originsInTrouble: composed
      .originHealth()
      .filter((health) => isTroubled(health, composed.services.clock.now()))
      .map(originView),
    alert: alerting.sinkNames,
    openAlerts: alerting.openHeadlines(),
    parents: composed.parents(),
    root: process.getuid?.() === 0,
    ...observation.readiness.ready(),
    degraded: observation.readiness.degraded(),
  }
}

async function why(question: WhyQuestion, services: Services): Promise<object | undefined> {
  if ('url' in question) return explainUrl(question.url, question.fields, services)
  const past = services.recent.find(question.id)
  return past && explainExchange(past, services)
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? ''
}

function quotaText(use: StoreUse | undefined): string {
  if (use === undefined) return 'none'
  const { usedBytes, quotaBytes, blobs, pinned } = use
  const share = Math.round((usedBytes / quotaBytes) * 100)
  return `${formatSize(quotaBytes)}, ${share} % used by ${blobs} blobs, ${pinned} pinned responses`
}
