#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './cli/commander-program.ts'
import { Terminal } from './cli/terminal.ts'
import { readEnvironment } from './config/environment.ts'

const terminal = new Terminal()

/** The same place from `src/` and from `dist/`. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'))
  return version
}

const end = async (exitCode: number): Promise<never> => {
  await terminal.flush()
  process.exit(exitCode)
}

process.on('uncaughtException', (error) => void end(terminal.failure(error)))
const words = process.argv.slice(2)
await end(await runProgram({ words, version: readVersion(), environment: readEnvironment(), terminal }))
