import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FieldNames } from '../../../src/http/field-names.ts'

const name = fc.stringMatching(/^[a-z0-9-]{1,40}$/)

test('field names are found in whatever case they come, and no others', () => {
  fc.assert(
    fc.property(fc.array(name), name, fc.boolean(), (names, other, upper) => {
      const some = new FieldNames(names)
      for (const one of names) assert.equal(some.has(upper ? one.toUpperCase() : one), true)
      assert.equal(some.has(other.toUpperCase()), names.includes(other))
    }),
  )
})
