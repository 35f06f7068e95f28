import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const script = `
  import { makeStringMethodsFast } from '${join(import.meta.dirname, '../../../src/app/fast-strings.ts')}'
  import '@keyv/redis'
  const before = %HasFastProperties(String.prototype)
  makeStringMethodsFast()
  process.stdout.write(JSON.stringify([before, %HasFastProperties(String.prototype)]))
`

test('The methods of strings are fast again after the Redis client was loaded, which makes them slow', () => {
  const options = ['--allow-natives-syntax', '--input-type=module', '-e', script]
  const [before, after] = JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' }))
  assert.deepEqual([before, after], [false, true])
})
