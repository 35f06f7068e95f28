import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import type { FoundResponse } from '../../../src/pipeline/find-responses.ts'
import { startLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

/** A download that has begun and waits for `finish`. */
async function stage(context: TestContext) {
  const begun = Promise.withResolvers<ServerResponse>()
  const origin = await startOrigin((_, response) => {
    response.setHeader('Cache-Control', 'max-age=600').setHeader('Content-Length', 6)
    response.write('abc')
    begun.resolve(response)
  })
  const larder = await startLarder({}, false)
  context.after(async () => {
    await larder.stop()
    await origin.stop()
  })
  const client = new AdminClient(larder.settings)
  const answered = ask(larder.port, `${origin.url}/x.txt`)
  const held = await begun.promise
  const all = async (path: string, body?: object): Promise<FoundResponse[]> => {
    const found: FoundResponse[] = []
    for await (const one of (await client.lines<FoundResponse>(path, body)).all) found.push(one)
    return found
  }
  return {
    purge: (select: object) => all('/v1/purge', { select }),
    stored: () => all('/v1/responses'),
    finish: async () => {
      held.end('def')
      const { status, body } = await answered
      await larder.exchanges('/x.txt', 1)
      return [status, String(body)]
    },
  }
}

describe('A purge by selection and the downloads under way', () => {
  test('one that is meant goes on for its client and is not stored', async (context) => {
    const { purge, stored, finish } = await stage(context)
    assert.deepEqual(await purge({ host: '127.*', class: 'rfc' }), [])
    assert.deepEqual(await finish(), [200, 'abcdef'])
    assert.deepEqual(await stored(), [])
  })

  test('another one is stored', async (context) => {
    const { purge, stored, finish } = await stage(context)
    await purge({ url: '*/y.txt' })
    assert.deepEqual(await finish(), [200, 'abcdef'])
    assert.equal((await stored()).length, 1)
  })
})
