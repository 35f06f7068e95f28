import type { Fields } from '../http/fields.ts'
import { type ClassRule, immutable, type RulePattern, revalidate, row } from './class-rule.ts'

/** npm, yarn and bun write `@scope%2fname`, pnpm `@scope%2Fname`: one package. */
const decode = ['%40', '%2F@scope']
const search: ClassRule = { name: 'npm.search', class: 'ttl', freshSeconds: 60, negativeSeconds: 0 }

/** The list of a package's versions. There are two bodies, told apart by Accept; not every registry says Vary. */
export const packument: ClassRule = {
  ...revalidate('npm.packument', 300, 60),
  variesBy: ['accept', 'accept-encoding', 'pacote-req-type'],
}

/** npm registries: the forms that mean the same on any host. */
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

/**
 * A packument (`/name`) looks like any other path. It is recognised by its client: the media type that only npm's
 * clients ask for, or the field by which npm says what it is after.
 */
export function asksForPackument(request: Fields): boolean {
  return (
    request.get('pacote-req-type') === 'packument' ||
    request.get('accept')?.includes('application/vnd.npm.install-v1+json') === true
  )
}
