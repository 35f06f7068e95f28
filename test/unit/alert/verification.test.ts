import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { webhookShapes } from '../../../src/alert/webhook-shapes.ts'
import { someAlert } from '../../support/alerts.ts'

type IsGenuine = (header: string, body: string, secret: string, nowSeconds?: number) => boolean

test('the snippet in docs/alerts.md tells messages of Larder from others', async (context) => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/alerts.md'), 'utf8')
  const folder = mkdtempSync(join(tmpdir(), 'larder-snippet-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'genuine.mjs')
  writeFileSync(file, /```js\n(.*?)```/s.exec(page)![1]!)
  const { isGenuine } = (await import(file)) as { isGenuine: IsGenuine }
  const at = Date.UTC(2026, 0, 2)
  const { body, fields } = webhookShapes.json.post(someAlert({ detail: 'größer' }), at, 'sesame')
  const header = fields['Larder-Signature']!
  assert.ok(isGenuine(header, body, 'sesame', at / 1000))
  assert.ok(!isGenuine(header, body, 'other', at / 1000))
  assert.ok(!isGenuine(header, `${body} `, 'sesame', at / 1000))
  assert.ok(!isGenuine(header, body, 'sesame', at / 1000 + 301))
  assert.ok(!isGenuine('', body, 'sesame', at / 1000))
})
