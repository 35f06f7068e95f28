import type { Duplex } from 'node:stream'
import type { Dialer } from './dialer.ts'
import type { OpenConnection } from './open-connection.ts'

/** Opens raw connections for tunnels and upgrades, in the same way as for requests. */
export function createDialer(open: OpenConnection): Dialer {
  return {
    dial: (target) =>
      new Promise<Duplex>((resolve, reject) => {
        open(target, (fault, socket) => {
          if (fault === undefined) resolve(socket!)
          else reject(fault)
        })
      }),
  }
}
