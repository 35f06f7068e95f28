import { createServer } from 'node:net'
import type { HostPort } from '../config/settings.ts'
import { listenOn } from '../server/listen-on.ts'

/**
 * Rejects with `LISTEN_FAILED` when an address is taken. Asked before anything else is opened: whoever starts Larder twice is to
 * hear of the port, not of the data folder.
 */
export async function checkAddressesFree(addresses: readonly HostPort[]): Promise<void> {
  for (const address of addresses) {
    const server = createServer()
    const bound = await listenOn(server, address, addresses.length > 1)
    if (bound !== undefined) await new Promise((resolve) => server.close(resolve))
  }
}
