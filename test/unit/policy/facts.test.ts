import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dates } from './rows/dates.ts'
import { directives } from './rows/directives.ts'
import type { Facts } from './rows/row.ts'
import { tags } from './rows/tags.ts'

describeFacts(directives)
describeFacts(dates)
describeFacts(tags)

function describeFacts<Given, Expected>({ about, of, rows }: Facts<Given, Expected>): void {
  describe(about, () => {
    for (const { says, rfc, given, expect } of rows) {
      test(`${says}: ${JSON.stringify(given)} (RFC ${rfc})`, () => assert.deepEqual(of(given), expect))
    }
  })
}
