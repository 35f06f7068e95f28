import type { Alert } from './alert-sink.ts'

const mostDetailLetters = 500
const msPerSecond = 1_000
const secondsPerMinute = 60

/**
 * `text` as one line that steers no terminal, log or chat (CORRECTNESS T45): every control, format and unpaired character
 * is spelled out, queries and users of URLs are left out (CORRECTNESS I8), and it has an end.
 */
export function plainText(text: string, mostLetters = mostDetailLetters): string {
  const short = text.slice(0, 4 * mostLetters)
  const masked = short.replace(/\?[^\s?]+/g, '?…').replace(/\/\/[^/\s]*@/g, '//')
  const plain = masked.replace(/\s+/g, ' ').replace(/[\p{C}\u2028\u2029]/gu, spelledOut)
  return plain.length <= mostLetters ? plain : `${plain.slice(0, mostLetters).replace(/[\ud800-\udbff]$/, '')}…`
}

function spelledOut(letter: string): string {
  return `\\u{${letter.codePointAt(0)!.toString(16)}}`
}

/** `[FIRING] ORIGIN_FAILING https://example.org (17 times)` */
export function headline({ status, code, subject, count }: Alert): string {
  const times = count === 1 ? '' : ` (${count} times)`
  return `[${status.toUpperCase()}] ${code} ${subject}${times}`
}

/** The whole message as lines for people. */
export function messageText(alert: Alert): string {
  return [
    headline(alert),
    alert.summary,
    ...(alert.detail === '' ? [] : [alert.detail]),
    ...(alert.status === 'firing' ? [alert.remedy] : [`It lasted ${durationText(alert)}.`]),
    ...(alert.droppedCount === 0 ? [] : [`${alert.droppedCount} messages before this one were lost.`]),
    `Larder on ${alert.source}, since ${new Date(alert.startedAt).toISOString()}`,
  ].join('\n')
}

function durationText({ startedAt, endedAt = startedAt }: Alert): string {
  const seconds = Math.max(0, Math.round((endedAt - startedAt) / msPerSecond))
  const minutes = Math.floor(seconds / secondsPerMinute)
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % secondsPerMinute} s`
}

/** As much of the beginning of `text` as fits, in whole characters. */
export function withinBytes(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  const ellipsis = '…'
  const cut = bytes.subarray(0, mostBytes - Buffer.byteLength(ellipsis)).toString('utf8')
  return cut.replace(/\ufffd$/, '') + ellipsis
}
