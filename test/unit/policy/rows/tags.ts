import { parseEntityTag, strongMatch, weakMatch } from '../../../../src/http/entity-tag.ts'
import type { Facts } from './row.ts'

type Verdict = 'no tag' | 'different' | 'the same, weakly' | 'the same, strongly'

const row = (says: string, given: readonly [string, string], expect: Verdict, rfc = '9110 section 8.8.3.2') => ({
  rfc,
  says,
  given,
  expect,
})

export const tags: Facts<readonly [string, string], Verdict> = {
  about: 'Two entity tags',
  of: ([first, second]) => {
    const [a, b] = [parseEntityTag(first), parseEntityTag(second)]
    if (a === undefined || b === undefined) return 'no tag'
    if (strongMatch(a, b)) return 'the same, strongly'
    return weakMatch(a, b) ? 'the same, weakly' : 'different'
  },
  rows: [
    row('both weak, the same', ['W/"1"', 'W/"1"'], 'the same, weakly'),
    row('both weak, different', ['W/"1"', 'W/"2"'], 'different'),
    row('one weak', ['W/"1"', '"1"'], 'the same, weakly'),
    row('the other weak', ['"1"', 'W/"1"'], 'the same, weakly'),
    row('both strong, the same', ['"1"', '"1"'], 'the same, strongly'),
    row('both strong, different', ['"1"', '"2"'], 'different'),
    row('tags have case', ['"a"', '"A"'], 'different'),
    row('an empty tag is a tag', ['""', '""'], 'the same, strongly', '9110 section 8.8.3'),
    row('a backslash escapes nothing', ['"\\a"', '"a"'], 'different', '9110 section 8.8.3'),
    row('a comma is a character', ['"a,b"', '"a,b"'], 'the same, strongly', '9110 section 8.8.3'),
    row('W is written large', ['w/"1"', 'W/"1"'], 'no tag', '9110 section 8.8.3'),
    row('no quotes', ['1', '1'], 'no tag', '9110 section 8.8.3'),
    row('a blank inside', ['"a b"', '"a b"'], 'no tag', '9110 section 8.8.3'),
    row('a star is no tag', ['*', '*'], 'no tag', '9110 section 8.8.3'),
  ],
}
