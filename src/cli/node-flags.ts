import { accessSync, constants } from 'node:fs'
import type { Environment } from '../config/environment.ts'

/**
 * What the Node of a daemon is started with: nothing reaches into prototypes, no debugger is attached, and the garbage collector's
 * old generation is not swept below 160 MiB (docs/decisions/0029).
 */
export const nodeFlags: readonly string[] = [
  '--disable-proto=delete',
  '--disable-sigusr1',
  '--initial-old-space-size=160',
]

/**
 * Starts this program anew, in the same process, with those flags that it was started without; then it does not return. What a process was
 * given beside its standard streams, sockets of a service manager or a channel to its parent, would be lost: who gives that gives the
 * flags, too.
 */
export function startAnewWithFlags({ LISTEN_FDS }: Environment): void {
  const missing = nodeFlags.filter((flag) => !process.execArgv.includes(flag))
  const isGivenMore = LISTEN_FDS !== undefined || process.connected
  if (missing.length === 0 || isGivenMore || process.execve === undefined || !isRunnable(process.execPath)) return
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)])
}

/** Node ends the process when it cannot start the program. Without the flags all works as well. */
function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
