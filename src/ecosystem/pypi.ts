import { immutable, type RulePattern, revalidate, row } from './class-rule.ts'
import { isRolling } from './rolling.ts'

const wheel = /\/[^/]+-\d[^/-]*(?:-\d[^/-]*)?-[a-z0-9_.]+-[a-z0-9_.]+-[A-Za-z0-9_.]+\.whl(?:\.metadata)?$/

/** Python indexes and wheels: the forms that mean the same on any host. A `+` in a wheel's name is never decoded. */
export const pypiRules: readonly RulePattern[] = [
  row(immutable('pypi.file', 300), '/packages/', /\/packages\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{60}\/[^/]+$/),
  row({ ...revalidate('pypi.simple', 60, 30), mayBePage: true }, '/simple/', /\/simple\/(?:[^/]+\/)?$/),
  {
    rule: immutable('pypi.wheel', 0),
    hint: '.whl',
    // Nightly folders overwrite development versions in place.
    matches: (path) => wheel.test(path) && !isRolling(path),
  },
]
