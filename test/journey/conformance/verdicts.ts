import type { Behaviour, BehaviourGroup, Kind, RawResults, Statuses } from './suite.ts'

/** `unjudged`: the test could not be made, or what it depends on does not hold. */
export type Verdict = 'passed' | 'failed' | 'unjudged'

export interface Judged {
  readonly id: string
  readonly name: string
  readonly group: string
  readonly kind: Kind
  readonly verdict: Verdict
  /** Why it did not pass; empty when it did. */
  readonly message: string
  /** Statuses of its responses, in order. */
  readonly statuses: readonly number[]
}

type Finding = Pick<Judged, 'verdict' | 'message'>

const setupError = 'Setup'

/** The rules by which the suite shows results: dependencies first, then whether the test could be made, then its result. */
export function judge(
  groups: readonly BehaviourGroup[],
  { results, statuses }: { readonly results: RawResults; readonly statuses: Statuses },
  dependencies = true,
): readonly Judged[] {
  const behaviours = new Map(groups.flatMap(({ tests }) => tests.map((test) => [test.id, test])))
  const find = (behaviour: Behaviour): Finding => {
    const result = results[behaviour.id]
    if (result === undefined) return { verdict: 'unjudged', message: 'it did not run' }
    const missing = dependencies ? (behaviour.depends_on ?? []).filter((id) => !holds(id)) : []
    if (missing.length > 0) return { verdict: 'unjudged', message: `depends on ${missing.join(', ')}` }
    if (result === true) return { verdict: 'passed', message: '' }
    const [name, message] = result
    if (name === setupError) return { verdict: 'unjudged', message: `setup: ${message}` }
    return { verdict: 'failed', message: name === 'Assertion' ? message : `${name}: ${message}` }
  }
  const holds = (id: string): boolean => {
    const behaviour = behaviours.get(id)
    if (behaviour === undefined) throw new Error(`a test depends on ${id}, which does not exist`)
    return find(behaviour).verdict === 'passed'
  }
  return groups.flatMap((group) =>
    group.tests.map((test) => {
      const { id, name, kind = 'required' } = test
      return { id, name, group: group.name, kind, ...find(test), statuses: statuses[id] ?? [] }
    }),
  )
}

export const count = (judged: readonly Judged[], kind: Kind, verdict: Verdict): number =>
  judged.filter((one) => one.kind === kind && one.verdict === verdict).length
