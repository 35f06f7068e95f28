import { alertTargetText } from './alert-targets.ts'
import type { IndexUrl } from './index-url.ts'
import type { OptionName } from './options.ts'
import type { AdminAddress, HostPort, ParentHop, Settings } from './settings.ts'
import { formatBandwidth, formatDuration, formatRate, formatShare, formatSize } from './units.ts'

/** The settings as the texts that `loadSettings` reads back to the same settings, but for the index's password, which is masked. Those of secret options are not for showing. */
export function settingTexts(settings: Settings): Record<OptionName, readonly string[]> {
  return {
    listen: settings.listen.map(addressText),
    admin: [adminText(settings.admin)],
    data: [settings.dataFolder],
    'ca-dir': [settings.caFolder],
    store: [settings.store],
    index: [shownIndex(settings.index)],
    'index-password-file': [settings.indexPasswordFile ?? 'none'],
    'index-key': [settings.indexKeyFile ?? 'none'],
    'index-ca': [settings.indexCaFile ?? 'none'],
    quota: [formatSize(settings.quotaBytes)],
    'high-water': [String(settings.highWater)],
    'low-water': [String(settings.lowWater)],
    eviction: [settings.eviction],
    'verify-every': [durationOrNever(settings.verifyEveryMs)],
    'verify-rate': [formatSize(settings.verifyBytesPerSecond)],
    memory: [formatSize(settings.memoryBytes)],
    intercept: settings.intercept,
    splice: settings.splice,
    'connect-port': settings.connectPorts.map(String),
    'allow-address': settings.allowAddresses,
    'deny-address': settings.denyAddresses,
    'allow-client': settings.allowClients,
    'origin-ca': settings.originCaFiles,
    'ftp-credentials': settings.ftpCredentialFiles,
    'ftp-tls': settings.ftpTls,
    parent: parentTexts(settings.parents),
    'parent-credentials': settings.parentCredentialFiles,
    'no-proxy': settings.noProxy,
    'connect-timeout': [formatDuration(settings.connectTimeoutMs)],
    'head-timeout': [formatDuration(settings.headTimeoutMs)],
    'idle-timeout': [formatDuration(settings.idleTimeoutMs)],
    'origin-connections': [String(settings.originConnections)],
    'origin-rate': [formatRate(settings.originRate)],
    'origin-bandwidth': [formatBandwidth(settings.originBytesPerSecond)],
    'retry-attempts': [String(settings.retryAttempts)],
    'retry-budget': [formatShare(settings.retryBudget)],
    'strict-trust': [settings.strictTrust ? 'yes' : 'no'],
    offline: [settings.offline ? 'yes' : 'no'],
    'idle-exit': [durationOrNever(settings.idleExitMs)],
    alert: settings.alerts.map(alertTargetText),
    'alert-window': [formatDuration(settings.alertWindowMs)],
    'alert-secret': [settings.alertSecretFile ?? 'none'],
    'access-log': [settings.accessLog],
    profile: [settings.profile],
  }
}

/** Its URL, `***` for a password. */
export function shownIndex({ text, password }: IndexUrl): string {
  if (password === undefined) return text
  const shown = new URL(text)
  shown.password = '***'
  return shown.href
}

/** `127.0.0.1:3128`, `[::1]:3128` */
export function addressText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `unix:PATH`, or as `addressText`. */
export function adminText(address: AdminAddress): string {
  return 'path' in address ? `unix:${address.path}` : addressText(address)
}

/** `http://proxy.example.org:3128`, `https://[::1]:3129`, `direct` */
export function parentTexts(parents: readonly ParentHop[]): readonly string[] {
  return parents.map((one) => (one === 'direct' ? one : `${one.tls ? 'https' : 'http'}://${addressText(one)}`))
}

function durationOrNever(ms: number): string {
  return Number.isFinite(ms) ? formatDuration(ms) : 'never'
}
