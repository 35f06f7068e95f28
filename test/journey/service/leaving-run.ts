import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArgs } from 'node:util'
import { askAtLeaving } from '../../support/ask-at-leaving.ts'

// Run by scripts/fault-runs leave.
const { values } = parseArgs({ allowPositionals: true, options: { count: { type: 'string', default: '200' } } })
const count = Number(values.count)
assert.ok(Number.isSafeInteger(count) && count > 0, `--count ${values.count} is not a number of requests`)

test(`${count} requests, each at the moment when the daemon leaves`, async (context) => {
  const { askedCount, failures } = await askAtLeaving(context, count)
  context.diagnostic(`${askedCount} requests, ${failures.length} failures`)
  assert.deepEqual(failures, [])
})
