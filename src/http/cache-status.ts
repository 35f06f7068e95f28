import { type Result, results } from '../base/results.ts'

/** What a longer time to live is written as (RFC 9111 section 1.2.2). */
const maxTtlSeconds = 2 ** 31
const token = /^[A-Za-z*][!#$%&'*+.^_`|~:/0-9A-Za-z-]*$/

const stems = new Map<string, string>(
  Object.entries(results).map(([result, row]) => [
    result,
    row.cacheStatus === '' ? 'larder' : `larder; ${row.cacheStatus}`,
  ]),
)

/** The value of Cache-Status for a result (RFC 9211); `detail` is a fault's code or another short word. */
export function cacheStatus(result: Result, ttlSeconds?: number, detail?: string): string {
  let value = stems.get(result)!
  if (ttlSeconds !== undefined && !Number.isNaN(ttlSeconds)) {
    value += `; ttl=${Math.max(-maxTtlSeconds, Math.min(Math.floor(ttlSeconds), maxTtlSeconds))}`
  }
  return detail === undefined ? value : `${value}; detail=${bareItem(detail)}`
}

/** A token where that is possible, else a string (RFC 9651 section 3.3). */
function bareItem(text: string): string {
  return token.test(text) ? text : `"${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`
}
