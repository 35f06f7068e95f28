import type { DescribedFreshness, DescribedResponse, Explanation, Span } from '../pipeline/explanation.ts'
import { parseField } from '../server/admin-why.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'

type Row = readonly [name: string, value: string]

/** `larder why URL|ID`: how a URL would be answered now, or how a request was. */
export const why: Command<[subject: string, fields: readonly string[]]> = async (context, subject, fields) => {
  const wrong = fields.find((text) => parseField(text) === undefined)
  if (wrong !== undefined) {
    throw new CommandFailure(exitCodes.usage, '--header is not Name: value', 'See larder why --help.')
  }
  const isUrl = subject.includes('://')
  if (!isUrl && fields.length > 0) {
    throw new CommandFailure(exitCodes.usage, '--header is for a URL, not for an id', 'See larder why --help.')
  }
  const client = new AdminClient(settingsOf(context).settings)
  const found = await client.why(isUrl ? { url: subject, fields } : { id: subject })
  if (context.json) context.terminal.printJson(found)
  else context.terminal.print(explanationText(found))
  const others = found.outcome === 'fetch' && found.responses.length > 0 && found.freshness === undefined
  if (others && fields.length === 0) context.terminal.note('larder: give the fields of your request with --header')
  return exitCodes.done
}

/** The verdict, then aligned facts. */
export function explanationText(found: Explanation): string {
  const rows = [
    ...exchangeRows(found),
    ...requestRows(found),
    ...storeRows(found),
    ...deviationRows(found),
    ...recentRows(found),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return `${found.verdict}\n\n${rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')}`
}

function exchangeRows({ exchange }: Explanation): readonly Row[] {
  if (exchange === undefined) return []
  const { id, time, status, result, stored, trail, responseBytes, originBytes, durationMs } = exchange
  const bytes = `${roughSize(responseBytes)} to the client, ${roughSize(originBytes)} from the origin`
  return [
    ['id', `${id} at ${time}`],
    ['result', `${result}, status ${status}${stored === undefined ? '' : `, stored: ${stored}`}`],
    ...(trail.length === 0 ? [] : [['steps', trail.join(' → ')] as const]),
    ['content', `${bytes}, ${Math.round(durationMs * 10) / 10} ms`],
  ]
}

function requestRows({ method, url, profile, class: known, key }: Explanation): readonly Row[] {
  const rows: Row[] = [
    ['request', `${method} ${url}`],
    ['profile', profile],
  ]
  if (known !== undefined) rows.push(['rule', `${known.rule} (class ${known.class})`])
  if (key === undefined) return rows
  if (key.before === key.after && key.rule === undefined) return [...rows, ['key', key.after]]
  const by = key.rule === undefined ? 'spelling' : key.rule
  return [...rows, ['key before', key.before], ['key after', `${key.after} (${by})`]]
}

function storeRows({ responses, freshness }: Explanation): readonly Row[] {
  return [...responses.map((one): Row => [one.role, responseText(one)]), ...(freshness ? freshnessRows(freshness) : [])]
}

function responseText({ status, sizeBytes, digest, receivedAt, variesBy, fits }: DescribedResponse): string {
  const varies = variesBy.length === 0 ? '' : `, varies by ${variesBy.join(', ')}`
  const other = fits ? '' : ', for other requests'
  const size = sizeBytes === undefined ? '' : `${roughSize(sizeBytes)}, `
  return `${status}, ${size}received ${receivedAt}${varies}${other}${digest === undefined ? '' : `, ${digest}`}`
}

function freshnessRows(freshness: DescribedFreshness): readonly Row[] {
  const { initialAgeSeconds, ageSeconds, lifetimeFrom, declaredFrom, declaredSeconds } = freshness
  const here = Math.round((ageSeconds - initialAgeSeconds) * 10) / 10
  const declared = declaredFrom === undefined ? '' : `; the origin gave ${declaredSeconds} s by ${declaredFrom}`
  return [
    ['age', `${rounded(ageSeconds)} = ${rounded(initialAgeSeconds)} when it was received + ${here} s since`],
    ['lifetime', `${rounded(freshness.lifetimeSeconds)} (${lifetimeFrom}${declared})`],
    ['time left', rounded(freshness.ttlSeconds)],
    ['reuse', freshness.reason === undefined ? freshness.reuse : `${freshness.reuse} (${freshness.reason})`],
    ['if the origin fails', standInText(freshness)],
  ]
}

function standInText({ standsIn, standsInUnreached }: DescribedFreshness): string {
  if (standsIn) return 'it may stand in'
  return standsInUnreached ? 'it may stand in when the origin cannot be reached' : 'it may not stand in'
}

function deviationRows({ deviations }: Explanation): readonly Row[] {
  return deviations.map(({ name, sentence }, at) => [at === 0 ? 'beyond RFC 9111' : '', `${name}: ${sentence}`])
}

function recentRows({ recent = [] }: Explanation): readonly Row[] {
  return recent.map(({ id, time, method, status, result, stored }, at) => [
    at === 0 ? 'lately' : '',
    `${time}  ${id}  ${method} ${status} ${result}${stored === undefined ? '' : `, stored: ${stored}`}`,
  ])
}

function rounded(span: Span): string {
  return span === 'forever' ? 'for ever' : `${Math.round(span * 10) / 10} s`
}
