import type { OriginView } from '../app/origin-view.ts'

const msPerSecond = 1_000
const secondsPerMinute = 60

/** An origin that is in trouble, in one line: `http://example.org: circuit open since … (2 min), next probe in 1 s, …`. */
export function originText(origin: OriginView, nowMs: number): string {
  const since = (time: string): string => roughTime(nowMs - Date.parse(time))
  const until = (time: string): string => roughTime(Date.parse(time) - nowMs)
  const words = [`${origin.origin}: circuit ${origin.circuit}`]
  if (origin.openSince !== null) words[0] += ` since ${origin.openSince} (${since(origin.openSince)})`
  if (origin.nextProbe !== null) {
    const isDue = Date.parse(origin.nextProbe) <= nowMs
    words.push(isDue ? 'the next request is a probe' : `next probe in ${until(origin.nextProbe)}`)
  }
  if (origin.pausedUntil !== null) words.push(`asks to be left alone for another ${until(origin.pausedUntil)}`)
  if (origin.failuresInARow > 0) words.push(`failures in a row: ${origin.failuresInARow}`)
  const { lastFault } = origin
  if (lastFault !== null) words.push(`last ${since(lastFault.at)} ago: ${lastFault.code} (${lastFault.detail})`)
  return words.join(', ')
}

/** `3 s` up to two minutes, then `5 min`. */
function roughTime(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / msPerSecond))
  return seconds < 2 * secondsPerMinute ? `${seconds} s` : `${Math.floor(seconds / secondsPerMinute)} min`
}
