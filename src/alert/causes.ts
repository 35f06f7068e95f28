import type { AlertCode, ExchangeEvent, LarderEvent, OriginFailureCode } from '../base/events.ts'
import { type FaultCode, type FaultRow, faults } from '../base/faults.ts'
import type { Result } from '../base/results.ts'
import type { Alert } from './alert-sink.ts'

/** Something happened that people should know. */
export interface Occurrence {
  readonly kind: 'occurred'
  readonly code: AlertCode
  readonly fault: OriginFailureCode | undefined
  readonly subject: string
  readonly detail: string
  /** It says how things stand: of an open cause it is no further occurrence. */
  readonly isState?: true
}

/** What failed works again: every cause about `subject` whose code begins with `family`. */
export interface Relief {
  readonly kind: 'works'
  readonly family: 'ORIGIN_' | 'STORE_'
  readonly subject: string
}

export const storeSubject = 'store'
export const sharedIndexSubject = 'index'
const ourselves = 'larder'

/** Codes that are no fault, with what they tell people. */
const ownCauses: Readonly<Record<Exclude<AlertCode, FaultCode>, Pick<FaultRow, 'sentence' | 'remedy'>>> = {
  ORIGIN_FAILING: {
    sentence: 'Requests to this origin fail.',
    remedy: 'What is stored is served. Check the origin and the way to it: docs/alerts.md.',
  },
  CLIENT_REFUSES_CA: {
    sentence:
      'A client does not trust the CA, so its https to this server passes through unread and uncached for a while.',
    remedy: 'larder doctor names the client and the fix. With --strict-trust nothing passes through.',
  },
  CA_EXPIRING: {
    sentence: 'The CA expires soon: then clients refuse every certificate that it issued.',
    remedy: 'Make a new CA, let clients trust it, and restart the daemon.',
  },
  ALERT_TEST: {
    sentence: 'This is a test: somebody ran larder alert test.',
    remedy: 'Nothing is wrong.',
  },
}

/** Results of requests that their origin answered. */
const answered: ReadonlySet<Result> = new Set([
  'miss',
  'miss-variant',
  'miss-partial',
  'revalidated',
  'replaced',
  'tunnelled',
])
const serverError = 500

/** What the message says about a code. */
export function tellingOf(code: AlertCode): { summary: string; remedy: string; severity: Alert['severity'] } {
  const { sentence, remedy } = code in ownCauses ? ownCauses[code as keyof typeof ownCauses] : faults[code as FaultCode]
  return { summary: sentence, remedy, severity: /^(?:ORIGIN|CLIENT|ALERT)_/.test(code) ? 'warning' : 'critical' }
}

/** What `event` means for alerts; `undefined`: nothing. The table of faults says which of them concern people. */
export function meaningOf(event: LarderEvent): Occurrence | Relief | undefined {
  switch (event.kind) {
    case 'exchange':
      return meaningOfExchange(event)
    case 'circuit-opened':
      return { ...occurred('ORIGIN_FAILING', 'ORIGIN_CIRCUIT_OPEN', event.origin, event.detail), isState: true }
    case 'circuit-closed':
      return { kind: 'works', family: 'ORIGIN_', subject: event.origin }
    case 'origin-failed': {
      const code = originCause(event.code)
      return code && occurred(code, event.code, event.origin, event.detail)
    }
    case 'store-fault':
      return faults[event.code].alert === 'none'
        ? undefined
        : occurred(event.code, undefined, subjectOf(event), event.detail)
    case 'blob-damaged':
      return occurred('STORE_BLOB_CORRUPT', undefined, storeSubject, `sha256-${event.digest}: ${event.detail}`)
    case 'trust-spliced': {
      const { tool, client, serverName, untilAt } = event
      const detail = `${tool} at ${client} refuses our certificate; passed through until ${new Date(untilAt).toISOString()}`
      return occurred('CLIENT_REFUSES_CA', undefined, `${tool} to ${serverName}`, detail)
    }
    case 'content-changed':
      return occurred('CONTENT_CHANGED', undefined, event.url, `sha256-${event.before} became sha256-${event.after}`)
    case 'store-recovered':
      return { kind: 'works', family: 'STORE_', subject: subjectOf(event) }
    default:
      return undefined
  }
}

function subjectOf({ isShared }: { readonly isShared?: true }): string {
  return isShared ? sharedIndexSubject : storeSubject
}

/** A fault that is told `final` or `once` is one way of not reaching the origin; the others are causes of their own. */
function originCause(failure: OriginFailureCode): AlertCode | undefined {
  const row = Object.hasOwn(faults, failure) ? faults[failure as FaultCode] : undefined
  if (row === undefined || row.alert === 'final' || row.alert === 'once') return 'ORIGIN_FAILING'
  return row.alert === 'none' ? undefined : (failure as FaultCode)
}

/** Faults of origins come as events of their own, but for tunnels, which nobody fetches. */
function meaningOfExchange(event: ExchangeEvent): Occurrence | Relief | undefined {
  const { fault, method, detail = '', result, status } = event
  if (fault === undefined) {
    if (!answered.has(result) || status >= serverError) return undefined
    return { kind: 'works', family: 'ORIGIN_', subject: originOf(event) }
  }
  if (fault.startsWith('ORIGIN_')) {
    const code = method === 'CONNECT' ? originCause(fault) : undefined
    return code && occurred(code, fault, originOf(event), detail)
  }
  if (faults[fault].alert === 'none') return undefined
  return occurred(fault, undefined, fault.startsWith('CONTENT_') ? originOf(event) : ourselves, detail)
}

function occurred(code: AlertCode, fault: OriginFailureCode | undefined, subject: string, detail: string): Occurrence {
  return { kind: 'occurred', code, fault, subject, detail }
}

/** `https://example.org` for `https://example.org/a`, and for a tunnel to `example.org:443`. */
function originOf({ method, url }: ExchangeEvent): string {
  if (method === 'CONNECT') return `https://${url.replace(/:443$/, '')}`
  return /^[a-z]+:\/\/[^/?#]*/.exec(url)?.[0] ?? url
}
