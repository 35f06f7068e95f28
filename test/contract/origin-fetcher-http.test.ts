import { startFaultOrigin, withLength } from '../fakes/fault-origin.ts'
import { httpFetcher, targetOf } from '../support/origin-fetching.ts'
import { type ContractOrigin, content, endlessBytes, originFetcherContract } from './origin-fetcher.ts'

async function startOrigin(): Promise<ContractOrigin> {
  const head = withLength('', endlessBytes)
  const endless = Buffer.alloc(endlessBytes, 'x')
  const origin = await startFaultOrigin((path) => {
    if (path === '/endless') return [{ send: head }, { send: endless }]
    if (path === '/truncated') return [{ send: withLength('half', 8) }, { close: 'fin' }]
    return [{ send: withLength(content) }]
  })
  return {
    whole: targetOf('http', origin.port, '/whole'),
    truncated: targetOf('http', origin.port, '/truncated'),
    endless: targetOf('http', origin.port, '/endless'),
    writtenBytes: () => origin.writtenBytes,
    connectionCount: () => origin.acceptedCount,
    idle: () => origin.idle(),
    stop: () => origin.stop(),
  }
}

originFetcherContract('HTTP', startOrigin, (guard) => httpFetcher({ guard }))
