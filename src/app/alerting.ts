import { randomInt, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { SecureContext } from 'node:tls'
import { AlertOutbox } from '../alert/alert-outbox.ts'
import type { AlertSink } from '../alert/alert-sink.ts'
import { headline } from '../alert/alert-text.ts'
import { Alerts } from '../alert/alerts.ts'
import { watchCaExpiry } from '../alert/ca-expiry.ts'
import { CommandAlertSink } from '../alert/command-alert-sink.ts'
import { MailAlertSink } from '../alert/mail-alert-sink.ts'
import { WebhookAlertSink } from '../alert/webhook-alert-sink.ts'
import { documentOf } from '../alert/webhook-shapes.ts'
import { type Clock, systemTimers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { type AlertTarget, alertTargetName } from '../config/alert-targets.ts'
import type { Environment } from '../config/environment.ts'
import type { Settings } from '../config/settings.ts'
import { createOriginTrust } from '../upstream/origin-trust.ts'
import { systemResolver } from '../upstream/resolve-host.ts'
import { checkedAlertAddresses } from './alert-addresses.ts'
import { originRoots } from './origins.ts'

/** Telling people what is wrong. */
export interface Alerting {
  readonly observe: Observer
  readonly sinkNames: readonly string[]
  /** One line for each open alert. */
  openHeadlines(): readonly string[]
  /** For the admin API: what is open, what was resolved lately, how each sink does. */
  snapshot(): object
  /** Tells of the end of the CA in time. */
  watchCa(notAfterAt: number): void
  /** Nothing new is told; what waits has so long to arrive. */
  close(graceMs: number): Promise<void>
}

export interface AlertingInput {
  readonly settings: Settings
  readonly clock: Clock
  /** Hears how messages fare. */
  readonly observer: Observer
  readonly environment: Environment
}

const randomSteps = 2 ** 32

/** Throws `CONFIG_BAD_VALUE` when the file of a secret cannot be read. */
export function openAlerting({ settings, clock, observer, environment }: AlertingInput): Alerting {
  const random = (): number => randomInt(randomSteps) / randomSteps
  const shared = { clock, timers: systemTimers }
  const sinks = openAlertSinks(settings, clock, environment)
  const outboxes = sinks.map((sink) => new AlertOutbox(sink, { ...shared, random, observer }))
  const alerts = new Alerts({
    ...shared,
    windowMs: settings.alertWindowMs,
    source: hostname(),
    newId: randomUUID,
    tell: (alert) => {
      for (const outbox of outboxes) outbox.put(alert)
    },
  })
  let unwatch = (): void => {}
  return {
    observe: alerts.observe,
    sinkNames: sinks.map(({ name }) => name),
    openHeadlines: () => alerts.open.map(headline),
    snapshot: () => ({
      open: alerts.open.map(documentOf),
      resolved: alerts.resolved.map(documentOf),
      sinks: outboxes.map(({ state }) => state),
    }),
    watchCa: (notAfterAt) => {
      const raise = (occurrence: Parameters<typeof alerts.raise>[0]): void => alerts.raise(occurrence, true)
      unwatch = watchCaExpiry({ ...shared, notAfterAt, raise })
    },
    close: async (graceMs) => {
      unwatch()
      alerts.close()
      await Promise.all(outboxes.map((outbox) => outbox.close(graceMs)))
    },
  }
}

/** The sinks that the settings name; offline, commands alone. Throws `CONFIG_BAD_VALUE` when the file of a secret cannot be read. */
export function openAlertSinks(settings: Settings, clock: Clock, environment: Environment): readonly AlertSink[] {
  // Reading the roots takes time, which only somebody who has something to say should pay.
  let trust: SecureContext | undefined
  const shared = {
    addressesOf: checkedAlertAddresses(settings, systemResolver()),
    trust: () => (trust ??= createOriginTrust(originRoots(settings))),
  }
  // Offline, no message leaves by itself; a command may do with it what it likes.
  const targets = settings.offline ? settings.alerts.filter(({ kind }) => kind === 'command') : settings.alerts
  return targets.map((target) => {
    if (target.kind === 'command') return new CommandAlertSink(target, environment)
    if (target.kind === 'mail')
      return new MailAlertSink(target, { ...shared, source: hostname(), password: readSecret(target) })
    return new WebhookAlertSink(target, { ...shared, now: clock.now, secret: webhookSecret(target, settings) })
  })
}

/** Chats sign with a secret of their own; --alert-secret is for receivers that check our signature. */
function webhookSecret(target: AlertTarget & { readonly kind: 'webhook' }, settings: Settings): string | undefined {
  const own = readSecret(target)
  const isOurs = target.format === 'json' || target.format === 'alertmanager'
  if (own !== undefined || !isOurs || settings.alertSecretFile === undefined) return own
  return readSecretFile(settings.alertSecretFile, 'alert-secret')
}

function readSecret(target: Exclude<AlertTarget, { readonly kind: 'command' }>): string | undefined {
  if (target.secretFile === undefined) return undefined
  return readSecretFile(target.secretFile, `alert ${alertTargetName(target)}`)
}

function readSecretFile(file: string, option: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'it cannot be read'
    throw new Fault('CONFIG_BAD_VALUE', `${option}: its secret in ${JSON.stringify(file)}: ${reason}`, { cause })
  }
  if (text === '') throw new Fault('CONFIG_BAD_VALUE', `${option}: its secret in ${JSON.stringify(file)} is empty`)
  return text
}
