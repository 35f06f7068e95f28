import type { UserMatch, UserRule } from '../config/user-rules.ts'
import { parseTargetUri, type TargetUri } from '../http/target-uri.ts'

interface Fold {
  readonly rule: UserRule
  /** The mirror's base URL, and the one that stands for all of the rule. */
  readonly base: string
  readonly first: string
}

const rememberedHosts = 1024

/** The operator's rules that change keys, found by host. */
export class UserRuleSet {
  readonly isEmpty: boolean
  readonly #rules: readonly UserRule[]
  readonly #folds: readonly Fold[]
  readonly #byHost = new Map<string, readonly UserRule[]>()

  constructor(rules: readonly UserRule[]) {
    this.#rules = rules.filter(({ match }) => match !== undefined)
    this.#folds = rules.flatMap(foldsOf)
    this.isEmpty = this.#rules.length === 0 && this.#folds.length === 0
  }

  /** The first rule that matches the target. */
  matching(target: TargetUri): UserRule | undefined {
    for (const rule of this.#ofHost(target.host)) if (matchesPath(rule.match!, target.path)) return rule
    return undefined
  }

  /** `uri` as the first mirror of its rule has it; `undefined`: nothing folds it. */
  folded(uri: string): { readonly uri: string; readonly rule: UserRule } | undefined {
    const fold = this.#folds.find(({ base }) => uri.startsWith(base))
    return fold && { uri: fold.first + uri.slice(fold.base.length), rule: fold.rule }
  }

  #ofHost(host: string): readonly UserRule[] {
    const known = this.#byHost.get(host)
    if (known !== undefined) return known
    const rules = this.#rules.filter(({ match }) => matchesHost(match!.host, host))
    if (this.#byHost.size >= rememberedHosts) this.#byHost.clear()
    this.#byHost.set(host, rules)
    return rules
  }
}

function foldsOf(rule: UserRule): Fold[] {
  const bases = rule.fold.map((url) => {
    const target = parseTargetUri(url)
    return 'invalid' in target ? url : target.href
  })
  return bases.slice(1).map((base) => ({ rule, base, first: bases[0]! }))
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

function matchesPath({ pathPrefix, pathPattern }: UserMatch, pathAndQuery: string): boolean {
  if (!pathAndQuery.startsWith(pathPrefix)) return false
  return pathPattern === undefined || pathPattern.test(pathAndQuery.split('?', 1)[0]!)
}
