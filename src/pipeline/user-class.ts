import type { ClassRule } from '../ecosystem/class-rule.ts'
import { classRuleOfStored } from '../ecosystem/classify.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { Services } from './services.ts'

const userFresh = 'user.fresh'

/** `rule`, or what the operator's own rule says of how long responses of `target` are fresh. Guards stay. */
export function withUserRule(rule: ClassRule, target: TargetUri, { keyTerms }: Pick<Services, 'keyTerms'>): ClassRule {
  if (keyTerms.userRules.isEmpty || keyTerms.profile !== 'builds' || rule.class === 'pass') return rule
  const freshSeconds = keyTerms.userRules.matching(target)?.freshSeconds
  return freshSeconds === undefined
    ? rule
    : { ...rule, name: userFresh, class: 'revalidate', freshSeconds, mayBePage: true }
}

/** The rule of a stored response, as it is now. */
export function storedRule(target: TargetUri, ruleName: string, services: Pick<Services, 'keyTerms'>): ClassRule {
  return withUserRule(classRuleOfStored(target, ruleName), target, services)
}
