import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetcherByScheme } from '../../../src/upstream/by-scheme.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { targetOf } from '../../support/origin-fetching.ts'

test('http and https go to one fetcher, ftp to the other, close to both', async () => {
  const calls: string[] = []
  const fetcherCalled = (name: string): OriginFetcher => ({
    fetch: async ({ target }) => {
      calls.push(`${name} ${target.scheme}`)
      throw new Error('no response')
    },
    close: async () => void calls.push(`${name} close`),
  })
  const fetcher = fetcherByScheme({ http: fetcherCalled('http'), ftp: fetcherCalled('ftp') })
  for (const scheme of ['http', 'https', 'ftp'] as const) {
    await assert.rejects(fetcher.fetch({ method: 'GET', target: targetOf(scheme, 1, '/'), fields: [] }))
  }
  await fetcher.close()
  assert.deepEqual(calls, ['http http', 'http https', 'ftp ftp', 'http close', 'ftp close'])
})
