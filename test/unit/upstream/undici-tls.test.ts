import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { FaultCode } from '../../../src/base/faults.ts'
import { createDialer } from '../../../src/upstream/net-dialer.ts'
import { openConnection } from '../../../src/upstream/open-connection.ts'
import { createOriginTrust } from '../../../src/upstream/origin-trust.ts'
import { type FaultOrigin, startFaultOrigin, withLength } from '../../fakes/fault-origin.ts'
import { createThrowAwayCa, type ThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { get, httpFetcher, refusal, targetOf } from '../../support/origin-fetching.ts'

const loopback = async () => [{ address: '127.0.0.1', family: 4 }]

describe('TLS to origins', () => {
  let ca: ThrowAwayCa
  let stranger: ThrowAwayCa

  before(() => {
    ca = createThrowAwayCa()
    stranger = createThrowAwayCa()
  })

  after(() => {
    ca.remove()
    stranger.remove()
  })

  async function withOrigin(tls: TlsOptions, act: (origin: FaultOrigin) => Promise<void>): Promise<void> {
    const origin = await startFaultOrigin(() => [{ send: withLength('hello') }], tls)
    try {
      await act(origin)
    } finally {
      await origin.stop()
    }
  }

  /** What a fetch from `host` ends with: a fault code, or the content. */
  function outcome(tls: TlsOptions, host = 'origin.test'): Promise<string> {
    let text = ''
    return withOrigin(tls, async ({ port }) => {
      const fetcher = httpFetcher({ roots: [ca.root], resolve: loopback })
      const target = targetOf('https', port, '/', host)
      try {
        text = (await get(fetcher, target)).content.toString()
      } catch (error) {
        text = (error as { code: FaultCode }).code
      } finally {
        await fetcher.close()
      }
    }).then(() => text)
  }

  test('serves from a certificate of a given root, by name and by address', async () => {
    assert.equal(await outcome(ca.issue('DNS:origin.test')), 'hello')
    assert.equal(await outcome(ca.issue('DNS:*.test')), 'ORIGIN_TLS_CERTIFICATE')
    assert.equal(await outcome(ca.issue('DNS:*.origin.test'), 'a.origin.test'), 'hello')
    assert.equal(await outcome(ca.issue('IP:127.0.0.1'), '127.0.0.1'), 'hello')
  })

  test('refuses what cannot be trusted (CORRECTNESS T24)', async () => {
    assert.equal(await outcome(stranger.issue('DNS:origin.test')), 'ORIGIN_TLS_CERTIFICATE')
    assert.equal(await outcome(ca.issue('DNS:other.test')), 'ORIGIN_TLS_CERTIFICATE')
    assert.equal(await outcome(ca.issue('DNS:origin.test', -1)), 'ORIGIN_TLS_CERTIFICATE')
    assert.equal(await outcome(ca.issue('DNS:127.0.0.1'), '127.0.0.1'), 'ORIGIN_TLS_CERTIFICATE')
  })

  test('does not take the common name for a name (RFC 9525 section 6.3)', async () => {
    assert.equal(await outcome(ca.issue(''), 'localhost'), 'ORIGIN_TLS_CERTIFICATE')
  })

  test('cannot be made to trust by the environment', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      assert.equal(await outcome(stranger.issue('DNS:origin.test')), 'ORIGIN_TLS_CERTIFICATE')
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })

  test('needs TLS 1.2 and forward secrecy', async () => {
    const leaf = ca.issue('DNS:origin.test')
    const old = { ...leaf, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    assert.equal(await outcome(old), 'ORIGIN_TLS_PROTOCOL')
    const weak = { ...leaf, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const
    assert.equal(await outcome(weak), 'ORIGIN_TLS_PROTOCOL')
    assert.equal(await outcome({ ...leaf, maxVersion: 'TLSv1.2' }), 'hello')
  })

  test('sends the server name and offers http/1.1 alone', async () => {
    const seen: unknown[] = []
    const leaf = ca.issue('DNS:origin.test')
    const ALPNCallback: TlsOptions['ALPNCallback'] = ({ servername, protocols }) => {
      seen.push(servername, protocols)
      return 'http/1.1'
    }
    assert.equal(await outcome({ ...leaf, ALPNCallback }), 'hello')
    assert.deepEqual(seen, ['origin.test', ['http/1.1']])
  })

  test('with something that does not speak it is a protocol fault', async () => {
    const origin = await startFaultOrigin(() => [])
    const fetcher = httpFetcher({ roots: [ca.root] })
    const fetching = refusal(fetcher.fetch({ method: 'GET', target: targetOf('https', origin.port, '/'), fields: [] }))
    while (origin.openCount === 0) await new Promise((resolve) => setImmediate(resolve))
    origin.blurt('HTTP/1.1 400 Bad Request\r\n\r\n')
    assert.equal((await fetching).code, 'ORIGIN_TLS_PROTOCOL')
    await fetcher.close()
    await origin.stop()
  })

  test('is what the dialer gives for a tunnel, on the same terms', async () => {
    const options = {
      guard: () => undefined,
      resolve: loopback,
      trust: createOriginTrust([ca.root]),
      connectTimeoutMs: 20_000,
      sessions: new Map<string, Buffer>(),
    }
    await withOrigin(ca.issue('DNS:origin.test'), async ({ port }) => {
      const socket = await createDialer((target, connected) => openConnection(target, options, connected)).dial({
        host: 'origin.test',
        port,
        tls: true,
      })
      assert.equal((socket as TLSSocket).authorized, true)
      socket.destroy()
      const fault = await refusal(
        createDialer((target, connected) => openConnection(target, options, connected)).dial({
          host: 'other.test',
          port,
          tls: true,
        }),
      )
      assert.equal(fault.code, 'ORIGIN_TLS_CERTIFICATE')
    })
  })
})
