import type { Duplex } from 'node:stream'
import type { Dialer, DialTarget } from './dialer.ts'
import { type ConnectOptions, openConnection } from './open-connection.ts'

/** Opens raw connections for tunnels and upgrades, by the same rules as for requests. */
export function createDialer(options: ConnectOptions): Dialer {
  return {
    dial: (target: DialTarget) =>
      new Promise<Duplex>((resolve, reject) => {
        openConnection(target, options, (fault, socket) => {
          if (fault === undefined) resolve(socket!)
          else reject(fault)
        })
      }),
  }
}
