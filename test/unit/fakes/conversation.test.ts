import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { converse } from '../../support/conversation.ts'

const stored = [
  'client: GET /a',
  'origin: 200 · Cache-Control: max-age=60 · ETag: "1" · body one',
  'larder: 200 body one (miss, stored)',
]

/** The lines of the report that are marked, and why; the rest is the conversation. */
async function complaints(...talk: string[]): Promise<string[]> {
  try {
    await converse(talk, 'standards')
    return []
  } catch (error) {
    const lines = (error as Error).message.split('\n').slice(1)
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('      ^ ')).map((line) => line.slice(2)),
      talk,
    )
    return lines.filter((line) => /^ *[✗^]/.test(line)).map((line) => line.trim())
  }
}

describe('A conversation', () => {
  test('that is kept says nothing', async () => assert.deepEqual(await complaints(...stored), []))

  test('fails for an answer of the origin that was not needed', async () => {
    const unused = 'origin: 200 · body two'
    assert.deepEqual(await complaints(...stored, 'client: GET /a', unused), [
      `✗ ${unused}`,
      '^ the origin was not asked for this',
    ])
  })

  test('fails for a request that the origin has no line for', async () => {
    const [mark, why] = await complaints('client: GET /a', 'larder: 502')
    assert.deepEqual([mark, why], ['✗ client: GET /a', '^ the origin has no answer for GET http://origin.test/a'])
  })

  const wrong: Readonly<Record<string, string>> = {
    'larder: 404': 'the status is 200',
    'larder: 200 body two': 'the body is "one"',
    'larder: 200 · ETag: "2"': 'etag is "1"',
    'larder: 200 · X-Word: a': 'no x-word',
    'larder: 200 · no ETag': 'it has etag: "1"',
    'larder: 200 · has X-Word': 'it has no x-word',
    'larder: 200 · trailer X-Word: a': 'no trailer x-word',
    'larder: 200 (relayed)': 'the result is hit',
    'larder: 200 (hit, stored)': 'it was not stored: undefined',
    'larder: breaks off': 'it does not break off',
    'larder interim: 103': 'no such interim response',
    'origin sees: GET /a': 'the origin was not asked',
  }
  for (const [line, why] of Object.entries(wrong)) {
    test(`fails where it says ${line}`, async () => {
      assert.deepEqual(await complaints(...stored, 'client: GET /a', line), [`✗ ${line}`, `^ ${why}`])
    })
  }

  test('fails for an interim response that it does not name', async () => {
    const said = ['client: GET /a', 'origin interim: 103 · Link: </a>', 'origin: 200 · body one']
    assert.deepEqual(await complaints(...said), [
      '✗ client: GET /a',
      '^ the client got 1 interim responses that no line names',
    ])
  })

  test('fails where the origin sees something else', async () => {
    const said = ['client: GET /a · X-Word: 1', 'origin sees: GET /b · no X-Word', 'origin: 200 · body one']
    assert.deepEqual(await complaints(...said), [
      '✗ origin sees: GET /b · no X-Word',
      '^ the origin saw GET /a',
      '^ it has x-word: 1',
    ])
  })

  for (const line of ['waiter: soup', 'client GET /a', 'larder: fine', 'origin: 200 · what', 'client: GET']) {
    test(`is no conversation with ${line}`, async () => {
      await assert.rejects(converse([...stored, line], 'standards'), /:/)
    })
  }
})
