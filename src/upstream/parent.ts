import { Fault, type FaultCode } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'

/** A proxy through which origins are reached. */
export interface Parent {
  readonly host: string
  readonly port: number
  /** Is it spoken to with TLS? */
  readonly tls: boolean
  /** The value of Proxy-Authorization; `undefined`: it wants none. */
  readonly authorization: string | undefined
}

/** `proxy.example.org:3128` */
export function hopOf({ host, port }: Pick<Parent, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The fields for the parent itself. */
export function parentFields({ authorization }: Parent): RawFields {
  return authorization === undefined ? [] : ['Proxy-Authorization', authorization]
}

/**
 * How far a parent is to blame: it is `broken` for every origin, has `no way` to this one for the moment, or `refused` to lead
 * there, which another parent is no way around.
 */
export type Blame = 'broken' | 'no-way' | 'refused'

/** A parent did not lead to the origin, which was sent nothing. */
export class ParentFault extends Fault {
  readonly blame: Blame

  constructor(parent: Parent, blame: Blame, reason: string, cause?: unknown) {
    const code: FaultCode = blame === 'refused' ? 'ORIGIN_PARENT_REFUSED' : 'ORIGIN_PARENT_FAILED'
    super(code, `parent ${hopOf(parent)}: ${reason}`, { cause, nextHop: hopOf(parent) })
    this.blame = blame
  }
}
