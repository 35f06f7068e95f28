import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { asFault, type Fault } from '../base/faults.ts'
import type { ListenerServices } from './listener.ts'
import { refuseRaw } from './raw-response.ts'

interface SpliceLabels {
  readonly id: string
  readonly userAgent: string | undefined
}

/** Joins client and origin byte for byte; nothing is read, nothing is stored. Reports one `tunnelled` exchange. */
export async function splice(
  client: Socket,
  head: Buffer,
  target: { readonly host: string; readonly port: number },
  services: ListenerServices,
  labels: SpliceLabels,
): Promise<void> {
  const at = services.clock.now()
  const startedMs = services.clock.elapsed()
  let fault: Fault | undefined
  let receivedBytes = 0
  let firstByteMs = -1
  try {
    const origin = await services.dialer.dial({ ...target, tls: false })
    firstByteMs = services.clock.elapsed() - startedMs
    if (!client.destroyed) client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (head.length > 0) origin.write(head)
    origin.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length
    })
    await joinBoth(client, origin)
  } catch (error) {
    fault = asFault(error)
    refuseRaw(client, fault)
  }
  services.observer({
    kind: 'exchange',
    at,
    id: labels.id,
    client: client.remoteAddress ?? '-',
    method: 'CONNECT',
    scheme: 'https',
    url: `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`,
    status: fault === undefined ? 200 : (fault.row.status ?? 500),
    result: fault === undefined ? 'tunnelled' : 'failed',
    stored: undefined,
    fault: fault?.code,
    detail: fault?.message,
    rule: 'splice',
    responseBytes: receivedBytes,
    originBytes: receivedBytes,
    firstByteMs: firstByteMs < 0 ? services.clock.elapsed() - startedMs : firstByteMs,
    durationMs: services.clock.elapsed() - startedMs,
    savedMs: 0,
    clientAborted: false,
    userAgent: labels.userAgent,
  })
}

/** Pipes both ways until both sides are over; an error on one side ends the other. */
export function joinBoth(client: Duplex, origin: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2
    const over = (other: Duplex): void => {
      other.destroy()
      open -= 1
      if (open === 0) resolve()
    }
    for (const [side, other] of [
      [client, origin],
      [origin, client],
    ] as const) {
      if (side.destroyed) over(other)
      else side.once('close', () => over(other))
      side.on('error', () => side.destroy())
    }
    client.pipe(origin)
    origin.pipe(client)
  })
}
