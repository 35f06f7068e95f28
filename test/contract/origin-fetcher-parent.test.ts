import { after, before } from 'node:test'
import { startFaultOrigin, withLength } from '../fakes/fault-origin.ts'
import { type ParentProxy, startParentProxy } from '../fakes/parent-proxy.ts'
import { createThrowAwayCa } from '../fakes/throw-away-ca.ts'
import { targetOf } from '../support/origin-fetching.ts'
import { parentAt, waysThrough } from '../support/parent-ways.ts'
import { type ContractOrigin, content, endlessBytes, originFetcherContract } from './origin-fetcher.ts'

const ca = createThrowAwayCa()
const tls = ca.issue('DNS:proxy.test,IP:127.0.0.1')
let plain: ParentProxy
let secure: ParentProxy

before(async () => {
  plain = await startParentProxy()
  secure = await startParentProxy({ tls })
})

after(async () => {
  await plain.stop()
  await secure.stop()
  ca.remove()
})

async function startOrigin(scheme: 'http' | 'https'): Promise<ContractOrigin> {
  const head = withLength('', endlessBytes)
  const endless = Buffer.alloc(endlessBytes, 'x')
  const origin = await startFaultOrigin(
    (path, _, request) => {
      if (request.startsWith('HEAD ')) return [{ send: withLength('', content.length) }]
      if (path.endsWith('/endless')) return [{ send: head }, { send: endless }]
      if (path.endsWith('/truncated')) return [{ send: withLength('half', 8) }, { close: 'fin' }]
      return [{ send: withLength(content) }]
    },
    scheme === 'https' ? tls : undefined,
  )
  return {
    whole: targetOf(scheme, origin.port, '/whole'),
    truncated: targetOf(scheme, origin.port, '/truncated'),
    endless: targetOf(scheme, origin.port, '/endless'),
    writtenBytes: () => origin.writtenBytes,
    connectionCount: () => origin.acceptedCount,
    idle: () => origin.idle(),
    stop: () => origin.stop(),
  }
}

for (const scheme of ['http', 'https'] as const) {
  originFetcherContract(
    `${scheme.toUpperCase()} through a parent`,
    () => startOrigin(scheme),
    (guard) => waysThrough({ settings: { parents: [parentAt(plain.port)] }, guard, roots: [ca.root] }).fetcher,
  )
  originFetcherContract(
    `${scheme.toUpperCase()} through a parent with TLS`,
    () => startOrigin(scheme),
    (guard) => waysThrough({ settings: { parents: [parentAt(secure.port, true)] }, guard, roots: [ca.root] }).fetcher,
  )
}
