import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer, isIP, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { systemClock } from '../../../src/base/clock.ts'
import { LeafContexts } from '../../../src/ca/leaf-contexts.ts'
import { builder, dayMs, makeAuthority, SetClock, serverNames, TestFolder } from '../../unit/ca/authority-fixture.ts'

const run = promisify(execFile)
const folder = new TestFolder()
/** Clients look at the machine's clock: what is issued five days ago is good today, and what is issued today too. */
const begun = systemClock.now() - 5 * dayMs
const clock = new SetClock(begun)
const authority = makeAuthority(folder.ca, { clock })
const leaves = new LeafContexts({ authority, builder, clock, observer: () => undefined })
const rootFile = join(folder.top, 'root.pem')
const ca = authority.certificatePem

/** Ends TLS on accepted sockets as the listener does, for `serving`, and answers one HTTP request. */
let serving: string = serverNames[0]
const sockets = new Set<Socket>()
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => socket.destroy())
  const tls = new TLSSocket(socket, { isServer: true, secureContext: leaves.contextFor(serving) })
  tls.on('error', () => tls.destroy())
  tls.once('data', () => tls.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'))
})
let port = 0

before(async () => {
  writeFileSync(rootFile, ca)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

after(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  folder[Symbol.dispose]()
})

interface Seen {
  readonly resumed: boolean
  /** What a later connection may resume. */
  readonly session: Buffer
  readonly protocol: string | null
  readonly fingerprint: string
}

/** A client that connects to loopback and expects the certificate of `serving`. */
function connectClient(options: ConnectionOptions): TLSSocket {
  const servername = isIP(serving) ? {} : { servername: serving }
  return connect({ socket: connectTcp(port, '127.0.0.1'), host: serving, ca, ...servername, ...options })
}

async function request(options: ConnectionOptions = {}): Promise<Seen> {
  const client = connectClient(options)
  let session: Buffer | undefined
  client.on('session', (latest: Buffer) => {
    session = latest
  })
  await once(client, 'secureConnect')
  assert.ok(client.authorized)
  const seen = {
    resumed: client.isSessionReused(),
    protocol: client.getProtocol(),
    fingerprint: client.getPeerX509Certificate()?.fingerprint256 ?? '',
  }
  client.write('GET / HTTP/1.1\r\n\r\n')
  client.resume()
  await once(client, 'end')
  client.destroy()
  return { ...seen, session: session ?? client.getSession()! }
}

for (const name of serverNames) {
  describe(`A client of ${name.slice(0, 30)} that trusts the root`, () => {
    before(() => {
      serving = name
    })

    test('accepts the leaf: Node', async () => {
      assert.equal((await request()).protocol, 'TLSv1.3')
    })

    test('accepts the leaf and is sent it alone: openssl s_client -verify_return_error -x509_strict', async () => {
      const identity = isIP(name)
        ? ['-noservername', '-verify_ip', name]
        : ['-servername', name, '-verify_hostname', name]
      const strict = ['-verify_return_error', '-x509_strict', '-showcerts', '-CAfile', rootFile]
      const child = run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...identity, ...strict])
      child.child.stdin!.end('Q\n')
      const { stdout } = await child
      assert.match(stdout, /Verify return code: 0 \(ok\)/)
      assert.match(stdout, /Verified peername: |Verification: OK/)
      assert.equal(stdout.match(/-----BEGIN CERTIFICATE-----/g)?.length, 1)
    })

    test('accepts the leaf: curl --cacert', async () => {
      const host = name.includes(':') ? `[${name}]` : name
      const reach = ['--noproxy', '*', '--connect-to', `::127.0.0.1:${port}`]
      const { stdout } = await run('curl', ['-q', '-sS', '--cacert', rootFile, ...reach, `https://${host}/`])
      assert.equal(stdout, 'hello')
    })
  })
}

describe('A client', () => {
  before(() => {
    serving = 'example.test'
  })

  test('that does not trust the root refuses the leaf', async () => {
    const [error] = (await once(connectClient({ ca: [] }), 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  test('that expects another server refuses the leaf', async () => {
    const client = connectClient({ servername: 'other.test', host: 'other.test' })
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('of TLS 1.1 is refused', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const [error] = (await once(connectClient(old), 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`of ${maxVersion} resumes its session, after a leaf was issued again too`, async () => {
      const first = await request({ maxVersion })
      assert.deepEqual([first.resumed, first.protocol], [false, maxVersion])
      const second = await request({ maxVersion, session: first.session })
      assert.ok(second.resumed)
      clock.at = begun + 5 * dayMs
      const third = await request({ maxVersion, session: first.session })
      assert.ok(third.resumed)
      const fresh = await request({ maxVersion })
      assert.notEqual(fresh.fingerprint, first.fingerprint)
      clock.at = begun
    })

    test(`of ${maxVersion} resumes no session of another server`, async () => {
      const { session } = await request({ maxVersion })
      serving = 'other.test'
      assert.equal((await request({ maxVersion, session })).resumed, false)
      serving = 'example.test'
    })
  }
})
