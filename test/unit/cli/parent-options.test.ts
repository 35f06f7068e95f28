import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homeOf, runProgram } from '../../support/program.ts'

test('config show tells the parents and what no parent is asked for, in any spelling of the flags', async (context) => {
  const flags = [
    '--parent',
    'http://Proxy.test:3128/,https://[::1]:3129',
    '--parent=direct',
    '--no-proxy',
    'a.test,::/8',
  ]
  const { out, err, code } = await runProgram(['config', 'show', '--json', ...flags], homeOf(context))
  assert.equal(code, 0, err)
  const { parent, 'no-proxy': noProxy } = JSON.parse(out)
  assert.deepEqual(parent.values, ['http://proxy.test:3128', 'https://[::1]:3129', 'direct'])
  assert.deepEqual(noProxy, { values: ['a.test', '::/8'], origin: 'flag' })
})

test('a password in the URL of a parent is refused and not printed, and proxy variables of other programs mean nothing', async (context) => {
  const home = { ...homeOf(context), http_proxy: 'http://other.test:1', HTTPS_PROXY: 'http://other.test:1' }
  const refused = await runProgram(['config', 'check', '--parent', 'http://ann:geheim@proxy.test:3128'], home)
  assert.equal(refused.code, 78)
  assert.match(refused.err, /parent is "http:\/\/…@proxy\.test:3128" \(flag\), expected .*parent-credentials/)
  assert.doesNotMatch(refused.err + refused.out, /geheim/)
  const { out } = await runProgram(['config', 'show', '--json'], home)
  assert.deepEqual(JSON.parse(out).parent.values, [])
})
