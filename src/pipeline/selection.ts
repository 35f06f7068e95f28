import type { Digest } from '../base/digest.ts'
import type { Glob } from '../base/glob.ts'
import type { ReuseClass } from '../ecosystem/class-rule.ts'
import { classRuleFor, classRuleOfStored } from '../ecosystem/classify.ts'
import { Fields } from '../http/fields.ts'
import { appliedClass } from '../policy/lifetime.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Services } from './services.ts'

/** Which stored responses are meant: those for which everything given holds. */
export interface Selection {
  readonly url?: Glob
  readonly host?: Glob
  readonly digest?: Digest
  /** A class such as `immutable`, or a rule such as `npm.tarball`. */
  readonly class?: string
  /** Milliseconds since they were received or last validated. */
  readonly olderMs?: number
  readonly newerMs?: number
  readonly largerBytes?: number
  readonly smallerBytes?: number
  readonly pinned?: boolean
}

/** What a selection looks at, beside the record itself. */
export interface Described {
  readonly host: string
  readonly class: ReuseClass
  readonly rule: string
}

export function isSelected(selection: Selection, record: StoredResponse, services: Services): boolean {
  const { url, digest, largerBytes, smallerBytes, pinned, olderMs, newerMs } = selection
  if (url !== undefined && !url(record.url)) return false
  if (digest !== undefined && record.content?.digest !== digest) return false
  if (pinned !== undefined && (record.pinned === true) !== pinned) return false
  const sizeBytes = record.content?.sizeBytes ?? 0
  if (largerBytes !== undefined && sizeBytes <= largerBytes) return false
  if (smallerBytes !== undefined && sizeBytes >= smallerBytes) return false
  if (olderMs !== undefined || newerMs !== undefined) {
    const ageMs = services.clock.now() - record.receivedAt
    if (olderMs !== undefined && ageMs <= olderMs) return false
    if (newerMs !== undefined && ageMs >= newerMs) return false
  }
  if (selection.host === undefined && selection.class === undefined) return true
  return isOfHostAndClass(selection, describe(record, services))
}

/**
 * May a fill for `key`, of whose content nothing is known yet, become something selected? Size does not count: not to keep it costs
 * another fetch, nothing more.
 */
export function mayBecomeSelected(selection: Selection, key: string, services: Services): boolean {
  const { url, digest, olderMs, pinned } = selection
  if (digest !== undefined || olderMs !== undefined || pinned === true) return false
  // A key may begin with a partition.
  const uri = key.slice(key.lastIndexOf(' ') + 1)
  if (url !== undefined && !url(uri)) return false
  const target = services.parseTarget(uri)
  if ('invalid' in target) return false
  const rule = classRuleFor(target)
  return isOfHostAndClass(selection, { host: target.host, class: rule.class, rule: rule.name })
}

export function describe(record: StoredResponse, { parseTarget, profile }: Services): Described {
  const target = parseTarget(record.url)
  if ('invalid' in target) return { host: '', class: 'rfc', rule: record.rule }
  const rule = classRuleOfStored(target, record.rule)
  const reuseClass = appliedClass(record.status, new Fields(record.fields), rule, profile)
  return { host: target.host, class: reuseClass, rule: record.rule }
}

function isOfHostAndClass({ host, class: wanted }: Selection, described: Described): boolean {
  if (host !== undefined && !host(described.host)) return false
  return wanted === undefined || described.class === wanted || described.rule === wanted
}
