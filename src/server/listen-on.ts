import type { AddressInfo, Server } from 'node:net'
import { Fault } from '../base/faults.ts'
import type { HostPort } from '../config/settings.ts'

/** Binds `server` and answers the address with its real port; `undefined` when the machine has no such address family and others are listened on. */
export function listenOn(server: Server, address: HostPort, optional: boolean): Promise<HostPort | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'
      if (missing && optional && address.host === '::1') return resolve(undefined)
      reject(
        new Fault('LISTEN_FAILED', `${address.host} port ${address.port}: ${error.code ?? error.message}`, {
          cause: error,
        }),
      )
    })
    server.listen({ host: address.host, port: address.port, backlog: 4096 }, () => {
      server.removeAllListeners('error')
      resolve({ host: address.host, port: (server.address() as AddressInfo).port })
    })
  })
}
