import { readFileSync } from 'node:fs'
import type { Environment } from '../config/environment.ts'
import type { Flags } from '../config/given-options.ts'
import { type LoadedSettings, loadSettings } from '../config/load-settings.ts'
import type { Terminal } from './terminal.ts'

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly environment: Environment
  /** The options of the configuration that stood on the command line. */
  readonly flags: Flags
  /** Print data as JSON. */
  readonly json: boolean
}

/** Does the work and answers the exit code; what it throws is printed with its remedy. */
export type Command<Arguments extends unknown[] = []> = (
  context: CommandContext,
  ...given: Arguments
) => number | Promise<number>

/** The effective settings for this command line. */
export function settingsOf({ flags, environment }: CommandContext): LoadedSettings {
  return loadSettings({ flags, environment, readFile: (path) => readFileSync(path, 'utf8') })
}
