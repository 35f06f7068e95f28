import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { firstHit, load } from './keep-alive-load.ts'
import { contentBytes, entryUrl, fillStore } from './many-entries.ts'
import { usageReader } from './process-usage.ts'
import { freePort } from './processes.ts'

const text = `Usage: node scripts/benchmark/entries.ts [--entries N] [--requests N] [--rounds N] [--folder DIR]

Fills one store with 1 000 small entries and one with many, starts Larder on each in turn, and prints start to first hit,
memory, and CPU per hit: of keys that are asked for often, and of keys at random that are read from the disk's store.

  --entries   entries of the large store (1000000); it takes about 4.5 kB each
  --requests  requests of each load (50000)
  --rounds    turns of each store (3); medians are printed
  --larder    Larder's entry below the repository (src/main.ts); dist/main.js is what is installed
  --folder    where stores are made, or found from an earlier run, and left; else in the temporary folder, until the end
`
const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
    larder: { type: 'string', default: 'src/main.ts' },
    help: { type: 'boolean', short: 'h' },
  },
})
const program = join(import.meta.dirname, '../..', values.larder)
const usageOf = usageReader()
const hotCount = 100
const noMemory = '1MiB'

interface Figures {
  readonly startMs: number
  readonly startCpuMs: number
  readonly idleRssMb: number
  readonly loadedRssMb: number
  readonly hotMicros: number
  readonly randomMicros: number
  readonly storeMicros: number
}

function say(line: string): void {
  process.stderr.write(`entries: ${line}\n`)
}

/** Numbers from 0 on that look like dice, the same in each run. */
function dice(below: number): () => number {
  let count = 0
  return () =>
    createHash('sha256')
      .update(String((count += 1)))
      .digest()
      .readUInt32LE() % below
}

/** Runs Larder on a store, and `use` with its port and process id. */
async function withLarder<T>(
  data: string,
  extra: readonly string[],
  use: (port: number, pid: number, began: number) => Promise<T>,
): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), 'larder-entries-'))
  const port = await freePort()
  const words = ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--ca-dir', join(work, 'ca')]
  const other = ['--admin', `unix:${join(work, 'admin.sock')}`, '--access-log', 'none', ...extra]
  const began = performance.now()
  const child = spawn(process.execPath, [program, ...words, ...other], {
    env: { PATH: process.env.PATH!, HOME: work },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  try {
    return await use(port, child.pid!, began)
  } finally {
    child.kill('SIGTERM')
    await exited
    rmSync(work, { recursive: true, force: true })
  }
}

/** Waits until the process does nothing any more. */
async function whenIdle(pid: number): Promise<void> {
  for (let before = -1; ; ) {
    const { cpuSeconds } = usageOf(pid)
    if (cpuSeconds - before < 0.02) return
    before = cpuSeconds
    await sleep(500)
  }
}

/** CPU of Larder for each of so many hits, in microseconds. */
async function costOf(port: number, pid: number, nextUrl: () => string, count: number): Promise<number> {
  const before = usageOf(pid).cpuSeconds
  const { hitCount } = await load(port, count, contentBytes, nextUrl)
  if (hitCount !== count) throw new Error(`${count - hitCount} of ${count} were no hits`)
  return ((usageOf(pid).cpuSeconds - before) * 1e6) / count
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

async function measure(data: string, entryCount: number, requestCount: number): Promise<Figures> {
  const random = dice(entryCount)
  const anyUrl = (): string => entryUrl(random())
  const hotUrl = (): string => entryUrl(random() % hotCount)
  const main = await withLarder(data, [], async (port, pid, began) => {
    await firstHit(port, entryUrl(entryCount - 1), contentBytes)
    const startMs = performance.now() - began
    const startCpuMs = usageOf(pid).cpuSeconds * 1000
    await whenIdle(pid)
    const idleRssMb = rssOf(pid)
    await load(port, 20_000, contentBytes, hotUrl)
    const hotMicros = await costOf(port, pid, hotUrl, requestCount)
    const randomMicros = await costOf(port, pid, anyUrl, requestCount)
    for (let turn = 0; turn < 4; turn += 1) await load(port, requestCount, contentBytes, anyUrl)
    return { startMs, startCpuMs, idleRssMb, loadedRssMb: rssOf(pid), hotMicros, randomMicros }
  })
  const storeMicros = await withLarder(data, ['--memory', noMemory], async (port, pid) => {
    await firstHit(port, entryUrl(0), contentBytes)
    await whenIdle(pid)
    await load(port, 20_000, contentBytes, anyUrl)
    return costOf(port, pid, anyUrl, requestCount)
  })
  return { ...main, storeMicros }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

async function main(): Promise<void> {
  const counts = [1000, Number(values.entries)]
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'larder-entries-'))
  try {
    for (const count of counts) {
      const data = join(folder, String(count))
      try {
        statSync(join(data, 'index.db'))
      } catch {
        say(`filling ${count} entries`)
        say(`${Math.round(await fillStore(data, count))} entries a second`)
      }
    }
    const found = new Map<number, Figures[]>(counts.map((count) => [count, []]))
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const count of counts) {
        const figures = await measure(join(folder, String(count)), count, Number(values.requests))
        say(`${count}: ${JSON.stringify(figures)}`)
        found.get(count)!.push(figures)
      }
    }
    for (const [count, all] of found) {
      const of = (name: keyof Figures): string => median(all.map((one) => one[name])).toFixed(1)
      process.stdout.write(
        `${count} entries: first hit ${of('startMs')} ms (${of('startCpuMs')} ms of CPU), memory ${of('idleRssMb')} MiB idle and ${of('loadedRssMb')} MiB loaded, ` +
          `CPU per hit ${of('hotMicros')} µs (often asked for), ${of('randomMicros')} µs (at random), ${of('storeMicros')} µs (at random, without memory)\n`,
      )
    }
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

if (values.help) process.stdout.write(text)
else await main()
