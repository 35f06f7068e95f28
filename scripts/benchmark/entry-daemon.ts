import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from './keep-alive-load.ts'
import { contentBytes } from './many-entries.ts'
import { usageReader } from './process-usage.ts'
import { freePort } from './processes.ts'

const usageOf = usageReader()

/** A Larder that runs on a store. */
export interface EntryDaemon {
  readonly port: number
  /** When it was started, by `performance.now`. */
  readonly beganMs: number
  /** User and system time so far, of all its threads. */
  cpuSeconds(): number
  /** MiB of resident memory now, and at most so far. */
  memory(): { readonly rss: number; readonly peak: number }
  /** Waits until it does nothing any more. */
  idle(): Promise<void>
  /** Asks `count` times; throws when one is no hit. */
  hits(count: number, nextUrl: () => string): Promise<void>
  stop(): Promise<void>
}

/** Starts `program` on the data folder; it may not listen yet. */
export async function startDaemon(program: string, data: string, extra: readonly string[] = []): Promise<EntryDaemon> {
  const work = mkdtempSync(join(tmpdir(), 'larder-entries-'))
  const port = await freePort()
  const words = ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--ca-dir', join(work, 'ca')]
  const other = ['--admin', `unix:${join(work, 'admin.sock')}`, '--access-log', 'none', ...extra]
  const beganMs = performance.now()
  const child = spawn(process.execPath, [program, ...words, ...other], {
    env: { PATH: process.env.PATH!, HOME: work },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const pid = child.pid!
  const cpuSeconds = (): number => usageOf(pid).cpuSeconds
  return {
    port,
    beganMs,
    cpuSeconds,
    memory: () => ({ rss: mibOf(pid, 'VmRSS'), peak: mibOf(pid, 'VmHWM') }),
    idle: () => whenIdle(cpuSeconds),
    hits: async (count, nextUrl) => {
      const { hitCount } = await load(port, count, contentBytes, nextUrl)
      if (hitCount !== count) throw new Error(`${count - hitCount} of ${count} were no hits`)
    },
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(work, { recursive: true, force: true })
    },
  }
}

/** On a busy machine one quiet moment may only mean that others had the processors. */
async function whenIdle(cpuSeconds: () => number): Promise<void> {
  let quietCount = 0
  for (let before = -1; quietCount < 4; await sleep(500)) {
    const now = cpuSeconds()
    quietCount = now - before < 0.02 ? quietCount + 1 : 0
    before = now
  }
}

function mibOf(pid: number, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
