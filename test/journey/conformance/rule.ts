import { count, type Judged } from './verdicts.ts'

/** The least share of optional behaviours in which the better choice is made. */
const leastShare = 0.9

/**
 * What keeps `judged` from being good enough, in words: a required behaviour that fails or could not be judged without
 * being excepted, an exception that is not needed, too many of the other choice. Empty: nothing.
 */
export function breaches(judged: readonly Judged[], exceptions: Readonly<Record<string, string>>): readonly string[] {
  const required = judged.filter(({ kind }) => kind === 'required')
  const wrong = required
    .filter(({ id, verdict }) => verdict !== 'passed' && exceptions[id] === undefined)
    .map(({ id, verdict, name, message }) => `${id} ${verdict}: ${name}: ${message}`)
  const stale = Object.keys(exceptions).flatMap((id) => {
    const verdict = required.find((one) => one.id === id)?.verdict
    if (verdict === undefined) return [`${id} is an exception, but no required behaviour`]
    return verdict === 'passed' ? [`${id} is an exception, but passes: take it out`] : []
  })
  const optionalCount = judged.filter(({ kind }) => kind === 'optimal').length
  const better = count(judged, 'optimal', 'passed')
  const share =
    better < leastShare * optionalCount ? [`only ${better} of ${optionalCount} optional ones are the better`] : []
  return [...wrong, ...stale, ...share]
}
