import { Fault } from '../base/faults.ts'
import type { Environment } from './environment.ts'
import { expandFolders, type Folders, foldersOf } from './folders.ts'
import { collectOptions, type Flags, type Given, type GivenOptions, type Origin } from './given-options.ts'
import { withoutSecrets } from './index-url.ts'
import { isLoopback } from './loopback.ts'
import { type OptionName, type OptionRow, optionRows, type options } from './options.ts'
import { parentTexts } from './setting-texts.ts'
import type { Settings } from './settings.ts'
import { formatSize } from './units.ts'
import { valueKinds } from './value-kinds.ts'

export interface LoadedSettings {
  readonly settings: Settings
  readonly origins: Readonly<Record<OptionName, Origin>>
}

export interface ConfigSources {
  /** Option name → texts, in the order given. */
  readonly flags: Flags
  readonly environment: Environment
  /** Text of the configuration file; throws when it cannot be read. */
  readonly readFile: (path: string) => string
}

type Value<Name extends OptionName> = NonNullable<ReturnType<(typeof valueKinds)[KindOf<Name>]['read']>>
type KindOf<Name extends OptionName> = Extract<(typeof options)[number], { name: Name }>['kind']

/**
 * The effective settings: flag, else environment, else file, else the initial value. A list that is given replaces the
 * whole list of a weaker source. Throws `CONFIG_UNKNOWN_OPTION`, `CONFIG_BAD_VALUE` and `CONFIG_CONFLICT`.
 */
export function loadSettings({ flags, environment, readFile }: ConfigSources): LoadedSettings {
  const { options: given, rules } = collectOptions(flags, environment, readFile)
  const settings = { ...readSettings(given, foldersOf(environment)), rules }
  checkConflicts(settings, given.get('index')?.origin ?? 'initial')
  const origins = Object.fromEntries(optionRows.map(({ name }) => [name, given.get(name)?.origin ?? 'initial']))
  return { settings, origins: origins as Record<OptionName, Origin> }
}

function readSettings(given: GivenOptions, folders: Folders): Omit<Settings, 'rules'> {
  const all = <Name extends OptionName>(name: Name): Value<Name>[] => readOption(name, given, folders) as Value<Name>[]
  const one = <Name extends OptionName>(name: Name): Value<Name> => all(name)[0]!
  return {
    listen: all('listen'),
    admin: one('admin'),
    dataFolder: one('data'),
    caFolder: one('ca-dir'),
    store: one('store'),
    index: one('index'),
    indexPasswordFile: orNone(one('index-password-file')),
    indexKeyFile: orNone(one('index-key')),
    indexCaFile: orNone(one('index-ca')),
    quotaBytes: one('quota'),
    highWater: one('high-water'),
    lowWater: one('low-water'),
    eviction: one('eviction') as Settings['eviction'],
    verifyEveryMs: one('verify-every'),
    verifyBytesPerSecond: one('verify-rate'),
    memoryBytes: one('memory'),
    intercept: all('intercept'),
    splice: all('splice'),
    connectPorts: all('connect-port'),
    allowAddresses: all('allow-address'),
    denyAddresses: all('deny-address'),
    allowClients: all('allow-client'),
    originCaFiles: all('origin-ca'),
    ftpCredentialFiles: all('ftp-credentials'),
    ftpTls: all('ftp-tls'),
    parents: all('parent'),
    parentCredentialFiles: all('parent-credentials'),
    noProxy: all('no-proxy'),
    connectTimeoutMs: one('connect-timeout'),
    headTimeoutMs: one('head-timeout'),
    idleTimeoutMs: one('idle-timeout'),
    originConnections: one('origin-connections'),
    originRate: one('origin-rate'),
    originBytesPerSecond: one('origin-bandwidth'),
    retryAttempts: one('retry-attempts'),
    retryBudget: one('retry-budget'),
    strictTrust: one('strict-trust'),
    offline: one('offline'),
    idleExitMs: one('idle-exit'),
    alerts: all('alert'),
    alertWindowMs: one('alert-window'),
    alertSecretFile: orNone(one('alert-secret')),
    accessLog: one('access-log'),
    profile: one('profile') as Settings['profile'],
  }
}

const orNone = (path: string): string | undefined => (path === 'none' ? undefined : path)

function readOption(name: OptionName, given: GivenOptions, folders: Folders): unknown[] {
  const row = optionRows.find((one) => one.name === name)!
  const source = given.get(name) ?? initialOf(row, folders)
  if (!row.repeatable && source.texts.length !== 1) throw badValue(row, source, source.texts.join(', '), 'one value')
  if (row.name === 'listen' && source.texts.length === 0) throw badValue(row, source, '', 'at least one address')
  return source.texts.map((text) => {
    const { expected, read } = valueKinds[row.kind]
    if (row.values !== undefined && !row.values.includes(text))
      throw badValue(row, source, text, row.values.join(' or '))
    const value = read(text, source.folder)
    if (value === undefined) throw badValue(row, source, text, expected)
    return value
  })
}

function initialOf(row: OptionRow, folders: Folders): Given {
  return { texts: row.initial.map((text) => expandFolders(text, folders)), origin: 'initial', folder: '.' }
}

function badValue(row: OptionRow, { origin }: Given, text: string, expected: string): Fault {
  // Who gives a password where none is taken shall not find it in a log as well.
  const masked = JSON.stringify(row.kind === 'index-url' ? withoutSecrets(text) : text.replace(/\/\/.*@/, '//…@'))
  const shown = row.isSecret === true ? 'not shown here, as it may hold a secret' : masked
  return new Fault('CONFIG_BAD_VALUE', `${row.name} is ${shown} (${origin}), expected ${expected}`)
}

const leastQuotaBytes = 32 * 1024 * 1024

function checkQuota({ quotaBytes, highWater, lowWater }: Settings): void {
  if (quotaBytes < leastQuotaBytes) {
    throw new Fault('CONFIG_CONFLICT', `quota is ${formatSize(quotaBytes)}; less than 32MiB holds nothing`)
  }
  if (lowWater > highWater) {
    throw new Fault('CONFIG_CONFLICT', `low-water ${lowWater} is above high-water ${highWater}`)
  }
}

function checkConflicts(settings: Settings, indexOrigin: Origin): void {
  const { listen, allowClients, intercept, splice } = settings
  checkQuota(settings)
  checkParents(settings)
  checkIndex(settings, indexOrigin)
  const open = listen.find(({ host }) => !isLoopback(host))
  if (open !== undefined && allowClients.length === 0) {
    const reason = 'is reachable from other machines, and allow-client does not say which of them are served'
    throw new Fault('CONFIG_CONFLICT', `listen ${open.host}:${open.port} ${reason}`)
  }
  const both = intercept.find((pattern) => splice.includes(pattern))
  if (both !== undefined) throw new Fault('CONFIG_CONFLICT', `intercept and splice both name ${both}`)
}

function checkParents({ parents, listen }: Settings): void {
  if (parents.slice(0, -1).includes('direct')) {
    throw new Fault('CONFIG_CONFLICT', 'parent names direct before another parent, which would never be asked')
  }
  const names = parentTexts(parents)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new Fault('CONFIG_CONFLICT', `parent names ${twice} twice`)
  const self = parents.find(
    (one) => one !== 'direct' && listen.some(({ host, port }) => port !== 0 && host === one.host && port === one.port),
  )
  if (self !== undefined)
    throw new Fault('CONFIG_CONFLICT', `parent ${parentTexts([self])} is this proxy itself (listen)`)
}

function checkIndex({ index, indexPasswordFile }: Settings, origin: Origin): void {
  if (index.password !== undefined && origin === 'flag') {
    const reason =
      'every user of this machine can read flags; give it in the file, in LARDER_INDEX, or by index-password-file'
    throw new Fault('CONFIG_CONFLICT', `the flag --index has a password, and ${reason}`)
  }
  if (index.password !== undefined && indexPasswordFile !== undefined) {
    throw new Fault('CONFIG_CONFLICT', 'index has a password, and index-password-file is given as well')
  }
}
