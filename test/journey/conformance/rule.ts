import type { Exception } from './exceptions.ts'
import { count, type Judged } from './verdicts.ts'

/** The least share of optional behaviours in which the better choice is made. */
const leastShare = 0.9

type Exceptions = Readonly<Record<string, Exception>>

const accepts = (exception: Exception | undefined, { message, statuses }: Judged): boolean =>
  exception !== undefined && exception.message === message && exception.statuses.join() === statuses.join()

function staleExceptions(required: readonly Judged[], exceptions: Exceptions): readonly string[] {
  return Object.keys(exceptions).flatMap((id) => {
    const verdict = required.find((one) => one.id === id)?.verdict
    if (verdict === undefined) return [`${id} is an exception, but no required behaviour`]
    return verdict === 'passed' ? [`${id} is an exception, but passes: take it out`] : []
  })
}

/** Required behaviours that fail or could not be judged in another way than an exception says. */
export function wrongOnes(judged: readonly Judged[], exceptions: Exceptions): readonly Judged[] {
  return judged.filter(
    (one) => one.kind === 'required' && one.verdict !== 'passed' && !accepts(exceptions[one.id], one),
  )
}

/** Optional behaviours in which the better choice is not made. */
export function otherChoices(judged: readonly Judged[]): readonly Judged[] {
  return judged.filter(({ kind, verdict }) => kind === 'optimal' && verdict !== 'passed')
}

/**
 * What keeps `judged` from being good enough, in words: a required behaviour that fails or could not be judged in another
 * way than an exception says, an exception that is not needed, too many of the other choice. Empty: nothing.
 */
export function breaches(judged: readonly Judged[], exceptions: Exceptions): readonly string[] {
  const required = judged.filter(({ kind }) => kind === 'required')
  const wrong = wrongOnes(judged, exceptions).map(
    ({ id, verdict, name, message, statuses }) => `${id} ${verdict}: ${name}: ${message} (${statuses.join(', ')})`,
  )
  const optionalCount = judged.filter(({ kind }) => kind === 'optimal').length
  const better = count(judged, 'optimal', 'passed')
  const share =
    better < leastShare * optionalCount ? [`only ${better} of ${optionalCount} optional choices are the better`] : []
  return [...wrong, ...staleExceptions(required, exceptions), ...share]
}
