import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** The real program, started from its sources. */
export const programFile = join(import.meta.dirname, '../../src/main.ts')

const built = join(import.meta.dirname, '../../dist/main.js')
/** As users have it: what scripts/test has built; in a checkout that was never built, the sources. */
export const builtProgramFile = existsSync(built) ? built : programFile

export interface ProgramResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** What started programs share with the tests: code that was compiled once (scripts/test makes the folder). */
export function compiledCode(): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
}

/** A home folder of the test's own, and variables that keep the program inside of it. */
export function homeOf(context: TestContext): Record<string, string> {
  const home = mkdtempSync(join(tmpdir(), 'larder-home-'))
  context.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  const TMPDIR = join(home, 'tmp')
  mkdirSync(TMPDIR)
  const XDG_STATE_HOME = join(home, '.local', 'state')
  return { HOME: home, PATH: process.env.PATH!, XDG_STATE_HOME, TMPDIR, ...compiledCode() }
}

export function startProgram(words: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [programFile, ...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
}

export interface Greeting {
  readonly lines: readonly string[]
  /** Of the first address on loopback that it listens on. */
  readonly port: number
}

/** What `larder serve` says once it is ready, to its last line, which is about the CA. */
export async function greetingOf(child: ChildProcess): Promise<Greeting> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stderr! })) {
    lines.push(line)
    // Folders may have any name.
    if (/^larder: (?:no )?CA[, ]/.test(line)) break
  }
  return { lines, port: Number(/listening on 127\.0\.0\.1:(\d+)/.exec(lines.join('\n'))?.[1]) }
}

/** Runs it to its end. */
export async function runProgram(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const child = startProgram(words, environment)
  const exited = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  const [code, signal] = await exited
  return { code, signal, out, err }
}
