import type { ReasonNotStored } from '../base/results.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import { type DeviationId, inOrder } from './deviations.ts'
import { lifetimeDeviations, withoutField } from './explain-freshness.ts'
import type { Profile } from './profile.ts'
import type { ResponseRecord } from './response-record.ts'
import { type JudgedRequest, type JudgedResponse, type Storability, storability } from './storable.ts'

/** Which deviations of `builds` keep a request or its response out of the store, by the reason given. */
const byReason: Readonly<Partial<Record<ReasonNotStored, DeviationId>>> = {
  rule: 'guarded-urls',
  authorization: 'credentials-pass-by',
  status: 'errors-not-stored',
  private: 'cookies-not-stored',
}

/** Whether a response may be stored, and which deviations made a difference to that. */
export function explainStoring(
  request: JudgedRequest,
  response: JudgedResponse,
  record: ResponseRecord,
  rule: ClassRule,
  profile: Profile,
): Storability & { readonly deviations: readonly DeviationId[] } {
  const verdict = storability(request, response, rule, profile)
  const standards = storability(request, response, rule, 'standards')
  // How old it is does not matter to whether it is stored.
  const ofLifetime = inOrder(lifetimeDeviations(withoutField(record, 'age'), rule, profile))
  if (verdict.storable) return { ...verdict, deviations: ofLifetime }
  if (!standards.storable && standards.reason === verdict.reason) return { ...verdict, deviations: [] }
  return { ...verdict, deviations: verdict.reason === 'no-freshness' ? ofLifetime : refusalDeviations(verdict.reason) }
}

/** The deviation by which a request went past the store under `builds` without being asked about at all. */
export function bypassDeviations(reason: ReasonNotStored, profile: Profile): readonly DeviationId[] {
  return profile === 'builds' && reason !== 'status' ? refusalDeviations(reason) : []
}

function refusalDeviations(reason: ReasonNotStored): readonly DeviationId[] {
  const id = byReason[reason]
  return id === undefined ? [] : [id]
}
