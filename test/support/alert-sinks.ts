import { createSecureContext } from 'node:tls'
import { checkedAlertAddresses } from '../../src/app/alert-addresses.ts'
import { type AlertTarget, readAlertTarget } from '../../src/config/alert-targets.ts'
import type { Settings } from '../../src/config/settings.ts'
import { systemResolver } from '../../src/upstream/resolve-host.ts'
import { testSettings } from './larder.ts'

/** The target that a text of the configuration names. */
export function targetOf<Kind extends AlertTarget['kind']>(kind: Kind, text: string): AlertTarget & { kind: Kind } {
  const target = readAlertTarget(text, '/')
  if (target?.kind !== kind) throw new Error(`${text} is no ${kind}`)
  return target as AlertTarget & { kind: Kind }
}

/** The way to receivers by the rules of the daemon; `root`: what they are verified against. */
export function receiverRules(root?: string, settings: Partial<Settings> = {}) {
  const context = root === undefined ? createSecureContext() : createSecureContext({ ca: root })
  return {
    addressesOf: checkedAlertAddresses(testSettings('/nowhere', { allowAddresses: [], ...settings }), systemResolver()),
    trust: () => context,
  }
}
