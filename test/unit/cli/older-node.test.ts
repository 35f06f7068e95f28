import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from '../../support/command.ts'
import { programFile } from '../../support/program.ts'

test('An older Node is told which one is needed and how to get it, before anything else is loaded', async () => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })"
  const words = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, programFile, 'run', '--', 'true']
  const { code, stderr } = await command(process.execPath, words)
  assert.equal(code, 78)
  assert.match(stderr, /^larder: needs Node\.js 24 or newer/)
  assert.match(stderr, /npx --package=node@24 --package=larder-proxy -- larder run -- COMMAND/)
})
