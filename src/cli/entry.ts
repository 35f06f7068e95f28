import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from '../config/environment.ts'
import { runProgram } from './commander-program.ts'
import { Terminal } from './terminal.ts'

/** The same place from `src/` and from `dist/`. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
  return version
}

/** Runs the command line and ends the process. */
export async function runToTheEnd(): Promise<never> {
  const terminal = new Terminal()
  const end = async (exitCode: number): Promise<never> => {
    await terminal.flush()
    process.exit(exitCode)
  }
  process.on('uncaughtException', (error) => void end(terminal.failure(error)))
  const words = process.argv.slice(2)
  return end(await runProgram({ words, version: readVersion(), environment: readEnvironment(), terminal }))
}
