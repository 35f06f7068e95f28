import { formatDuration } from './units.ts'
import type { UserRule } from './user-rules.ts'

/** A rule in one line, such as `d.example.org/get/: drop session, utm_*`. */
export function ruleText(rule: UserRule): string {
  const { match, drop, keep, signed, freshSeconds, fold, mirrors } = rule
  if (mirrors !== undefined) return `mirrors ${mirrors.bases.join(', ')}${mirrors.alsoMissing ? '; missing' : ''}`
  if (match === undefined) return `fold ${fold.join(', ')}`
  const where = `${match.host}${match.pathPrefix}${match.pathPattern === undefined ? '' : ` (${match.pathPattern.source})`}`
  const acts = [
    drop.length > 0 ? `drop ${drop.join(', ')}` : '',
    keep === undefined ? '' : `keep ${keep.join(', ') || 'nothing'}`,
    signed === undefined ? '' : `signed ${signed}`,
    rule.public ? 'public' : '',
    freshSeconds === undefined ? '' : `fresh ${formatDuration(freshSeconds * 1000)}`,
  ]
  return `${where}: ${acts.filter((act) => act !== '').join('; ')}`
}
