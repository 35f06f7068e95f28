import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { createAuthority, loadAuthority } from '../../src/ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../../src/ca/forge-certificate-builder.ts'
import { LeafContexts } from '../../src/ca/leaf-contexts.ts'

/** An HTTPS origin called `localhost`, with a CA of its own that clients of the origin must be told to trust. */
export interface TlsOrigin {
  readonly port: number
  readonly url: string
  readonly caFile: string
  readonly paths: readonly string[]
  stop(): Promise<void>
}

export async function startTlsOrigin(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TlsOrigin> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-origin-ca-'))
  const builder = new ForgeCertificateBuilder()
  createAuthority({ folder, builder, clock: systemClock })
  const authority = loadAuthority({ folder, clock: systemClock })
  const leaves = new LeafContexts({ authority, builder, clock: systemClock, observer: () => {} })
  const paths: string[] = []
  const server = createServer({ SNICallback: (name, answer) => answer(null, leaves.contextFor(name)) }, (req, res) => {
    paths.push(req.url!)
    handle(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `https://localhost:${port}`,
    caFile: join(folder, 'ca.pem'),
    paths,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
