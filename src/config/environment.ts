import { homedir } from 'node:os'

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. The one place that reads them; HOME is filled in where it is missing. */
export function readEnvironment(): Environment {
  return { ...process.env, HOME: process.env.HOME || homedir() }
}

const ofTheServiceManager = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
]

/** Keeps from programs that we start what the service manager told us alone (sd_listen_fds(3), sd_notify(3)). */
export function forgetServiceManager(): void {
  for (const name of ofTheServiceManager) delete process.env[name]
}

const usualThreadCount = 4

/** How many calls of the system that block may run at a time, files and names of hosts together (libuv's own variable). */
export function blockingThreadCount(): number {
  const said = Number(process.env.UV_THREADPOOL_SIZE)
  return Number.isInteger(said) && said > 0 ? said : usualThreadCount
}
