import { spawn } from 'node:child_process'

export interface CommandEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

/** Runs a program to its end. Rejects only when it cannot be started: a missing tool is a failure, never a skip. */
export function command(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('latin1')
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr, durationMs: performance.now() - startedMs }))
    // A program need not read what it is given.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}
