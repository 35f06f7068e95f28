import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  compareHits,
  measureEvictions,
  measureInserts,
  measureStart,
  type StartFigures,
  type Subject,
} from './entry-measures.ts'
import { type EntryRate, insertEntries, rateOf, storesOf } from './many-entries.ts'
import { renderTable, threeDigits } from './markdown-table.ts'

const text = `Usage: node scripts/benchmark/entries.ts [--entries N] [--hits N] [--rounds N] [--folder DIR] [--keep] [--larder FILE]

Fills one store with 1 000 small entries and one with many, starts Larder on each, and prints one table: start to first hit, memory,
CPU per hit of both stores, measured in turns, and the rates at which the large one takes entries in and evicts them.

  --entries   entries of the large store (1000000); it takes about 5.8 kB each
  --hits      hits after which memory is read, and hits of each comparison (100000)
  --rounds    starts of each store (3); medians are printed, and the largest peak
  --larder    Larder's entry below the repository (src/main.ts); dist/main.js is what is installed
  --folder    where stores are made, or found from an earlier run, and left; else in the temporary folder, until the end
  --keep      leaves out inserts and evictions, so that the stores of --folder stay as they are
`
const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    hits: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string' },
    keep: { type: 'boolean', default: false },
    larder: { type: 'string', default: 'src/main.ts' },
    help: { type: 'boolean', short: 'h' },
  },
})
const fewCount = 1000
/** Entries that are stored beside those there are. */
const insertCount = 50_000

function say(line: string): void {
  process.stderr.write(`entries: ${line}\n`)
}

/** Fills a store unless an earlier run did; answers what that cost. */
async function fill({ data, entryCount }: Subject): Promise<EntryRate | undefined> {
  const mark = join(data, 'filled')
  if (statSync(mark, { throwIfNoEntry: false }) !== undefined) return undefined
  rmSync(data, { recursive: true, force: true })
  const stores = storesOf(data)
  await stores.quota!.ready
  const tell = (done: number): void => {
    if (done % Math.ceil(entryCount / 20) < 2000) say(`${done} of ${entryCount} entries stored`)
  }
  const rate = await rateOf(() => insertEntries(stores, 0, entryCount, tell))
  await stores.close()
  writeFileSync(mark, '')
  return rate
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

async function startsOf(program: string, subjects: readonly Subject[]): Promise<StartFigures[][]> {
  const found: StartFigures[][] = subjects.map(() => [])
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const [at, subject] of subjects.entries()) {
      const figures = await measureStart(program, subject, Number(values.hits))
      say(`start ${round} of ${values.rounds} with ${subject.entryCount}: ${JSON.stringify(figures)}`)
      found[at]!.push(figures)
    }
  }
  return found
}

function startRows([few, many]: readonly StartFigures[][]): string[][] {
  const row = (label: string, unit: string, of: (one: StartFigures) => number, take = median): string[] => {
    const [a, b] = [take(few!.map(of)), take(many!.map(of))]
    return [label, `${threeDigits(a)} ${unit}`, `${threeDigits(b)} ${unit}`, threeDigits(b / a)]
  }
  const most = (numbers: readonly number[]): number => Math.max(...numbers)
  return [
    row('start to first hit', 'ms', (one) => one.firstHitMs),
    row('CPU until first hit', 'ms', (one) => one.firstHitCpuMs),
    row('CPU until all is known', 's', (one) => one.loadedCpuSeconds),
    row('memory at first hit', 'MiB', (one) => one.firstHitRss),
    row('memory once all is known', 'MiB', (one) => one.loadedRss),
    row('peak until then', 'MiB', (one) => one.loadPeak, most),
    row(`memory after ${values.hits} hits at random`, 'MiB', (one) => one.afterHitsRss),
    row('peak', 'MiB', (one) => one.peak, most),
  ]
}

function rateRow(label: string, rate: EntryRate | undefined): string[] {
  return rate === undefined
    ? []
    : [label, '–', `${Math.round(rate.perSecond)}/s, ${threeDigits(rate.cpuMicros)} µs`, '–']
}

async function rateRows(large: Subject, filled: EntryRate | undefined): Promise<string[][]> {
  const rows = [rateRow('entries stored, into the empty store', filled)]
  if (!values.keep) {
    rmSync(join(large.data, 'filled'))
    say(`${insertCount} more are stored`)
    rows.push(rateRow('entries stored, into the full one', await measureInserts(large, insertCount)))
    say('some are evicted')
    const evicted = await measureEvictions(large)
    rows.push(rateRow(`${evicted.count} entries evicted`, evicted))
  }
  return rows.filter((row) => row.length > 0)
}

async function main(): Promise<void> {
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'larder-entries-'))
  const program = join(import.meta.dirname, '../..', values.larder)
  const subjects = [fewCount, Number(values.entries)].map((entryCount) => ({
    data: join(folder, String(entryCount)),
    entryCount,
  }))
  try {
    const [, filled] = [await fill(subjects[0]!), await fill(subjects[1]!)]
    const rows = startRows(await startsOf(program, subjects))
    for (const kind of ['hot', 'stored'] as const) {
      say(`${kind} hits, in turns`)
      const [few, many] = (await compareHits(program, subjects, kind, Number(values.hits))) as [number, number]
      const label = kind === 'hot' ? 'CPU per hit, 100 keys again and again' : 'CPU per hit, any key, without memory'
      rows.push([label, `${threeDigits(few)} µs`, `${threeDigits(many)} µs`, threeDigits(many / few)])
    }
    rows.push(...(await rateRows(subjects[1]!, filled)))
    const head = ['figure', ...subjects.map(({ entryCount }) => `${entryCount} entries`), 'ratio']
    process.stdout.write(`${renderTable([head, ...rows])}\n`)
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

if (values.help) process.stdout.write(text)
else await main()
