import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandAlertSink } from '../../src/alert/command-alert-sink.ts'
import { targetOf } from '../support/alert-sinks.ts'
import { alertSinkContract } from './alert-sink.ts'

const token = 'argument-token'

/** A process with this number runs, and is no zombie. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

alertSinkContract('command', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-alert-command-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'notify')
  const script = (text: string): void => {
    writeFileSync(program, `#!/bin/sh\n${text}\n`)
    chmodSync(program, 0o700)
  }
  script(`cat > "$1/$$.json"`)
  const pids = (): number[] => {
    const file = join(folder, 'pids')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []
  }
  return {
    sink: new CommandAlertSink(targetOf('command', `exec:${program} ${folder} '${token} $(id)'`), process.env),
    received: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .sort((a, b) => Number(a.includes('resolved')) - Number(b.includes('resolved'))),
    refuse: () => script(`echo ${token} >&2; exit 3`),
    // It starts another that hangs as well.
    hang: () =>
      script(`sleep 1000 & echo $! > "$1/pids.new"; echo $$ >> "$1/pids.new"; mv "$1/pids.new" "$1/pids"; wait`),
    leave: async () => rmSync(program),
    leftCount: () => pids().filter(runs).length,
    secrets: [token],
  }
})
