import { homedir } from 'node:os'

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. The one place that reads them; HOME is filled in where it is missing. */
export function readEnvironment(): Environment {
  return { ...process.env, HOME: process.env.HOME || homedir() }
}
