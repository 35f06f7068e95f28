import type { Fault } from '../base/faults.ts'

/** How a command ends, in the numbers of sysexits where it has one. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  tryAgain: 75,
  configuration: 78,
} as const

/** A command that cannot do its work, for a reason that is no fault of the catalogue. */
export class CommandFailure extends Error {
  readonly exitCode: number
  /** One line of what to do. */
  readonly remedy: string

  constructor(exitCode: number, message: string, remedy: string) {
    super(message)
    this.name = 'CommandFailure'
    this.exitCode = exitCode
    this.remedy = remedy
  }
}

/** A taken port is a failure that passes; other reasons not to start lie in the configuration. */
export function exitCodeOf({ code, row }: Fault): number {
  if (code === 'LISTEN_FAILED') return exitCodes.failed
  return row.proxyStatus === 'proxy_configuration_error' ? exitCodes.configuration : exitCodes.failed
}
