import { type ClassRule, immutable, type RulePattern, revalidate, row } from './class-rule.ts'

/** npm, yarn and bun write `@scope%2fname`, pnpm `@scope%2Fname`: one package. */
const decode = ['%40', '%2F@scope']
const search: ClassRule = { name: 'npm.search', class: 'ttl', freshSeconds: 60, negativeSeconds: 0 }

/**
 * npm registries: the forms that mean the same on any host. A packument (`/name`) looks like any other path, so it is
 * left to RFC 9111; registries send good freshness for it.
 */
export const npmRules: readonly RulePattern[] = [
  row(
    revalidate('npm.dist-tags', 60, 0, decode),
    '/-/package/',
    /\/-\/package\/(?:@[^/]+?(?:\/|%2F))?[^/@]+\/dist-tags(?:\/.*)?$/,
  ),
  row(search, '/-/v1/search', /\/-\/v1\/search$/),
  row(
    immutable('npm.tarball', 60, decode),
    '/-/',
    /\/[^/]+\/-\/(?:@[^/]+?(?:\/|%2F))?[^/]+-\d+\.\d+\.\d+(?:[-+.][^/]*)?\.tgz$/,
  ),
]
