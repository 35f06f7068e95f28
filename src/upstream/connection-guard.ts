import type { Fault } from '../base/faults.ts'

/** Decides about one address that is about to be dialled: `undefined` = go ahead (CORRECTNESS T19, T22). */
export type ConnectionGuard = (address: string, port: number) => Fault | undefined
