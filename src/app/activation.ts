import { Fault } from '../base/faults.ts'
import type { Environment } from '../config/environment.ts'
import type { PassedSocket } from '../server/listen-on.ts'

/** Listening sockets that whoever started the daemon opened for it. */
export interface PassedSockets {
  /** At least one. */
  readonly proxy: readonly PassedSocket[]
  readonly admin: PassedSocket | undefined
}

const firstDescriptor = 3
const mostDescriptors = 64

/**
 * The sockets that the variables of sd_listen_fds(3) speak of; `undefined` when they speak of none, or to another process
 * (`pid` is ours). Without names all are for the proxy. Throws `LISTEN_FAILED` when it is not certain which is for what.
 */
export function passedSockets(environment: Environment, pid: number): PassedSockets | undefined {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return undefined
  const count = /^\d{1,3}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : -1
  if (count < 0 || count > mostDescriptors) throw unusable(`LISTEN_FDS is ${JSON.stringify(LISTEN_FDS)}`)
  if (count === 0) return undefined
  const names = LISTEN_FDNAMES ? LISTEN_FDNAMES.split(':') : new Array<string>(count).fill('proxy')
  if (names.length !== count) throw unusable(`LISTEN_FDS is ${count}, and LISTEN_FDNAMES has ${names.length} names`)
  const named = (wanted: string): PassedSocket[] =>
    names.flatMap((name, i) => (name === wanted ? [{ fd: firstDescriptor + i }] : []))
  const stranger = names.find((name) => name !== 'proxy' && name !== 'admin')
  if (stranger !== undefined) {
    throw unusable(`a socket is named ${JSON.stringify(stranger)}, expected proxy or admin (FileDescriptorName=)`)
  }
  const [proxy, admin] = [named('proxy'), named('admin')]
  if (proxy.length === 0) throw unusable('none of the sockets is named proxy (FileDescriptorName=)')
  if (admin.length > 1) throw unusable('more than one socket is named admin')
  return { proxy, admin: admin[0] }
}

function unusable(reason: string): Fault {
  return new Fault('LISTEN_FAILED', `the sockets that were passed are unusable: ${reason}`)
}
