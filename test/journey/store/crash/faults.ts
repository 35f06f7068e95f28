import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a daemon is killed. */
export interface Fault {
  /** As strace names it; `undefined`: at a random moment. */
  readonly call: string | undefined
  /** Files of the data folder that the call must be about; none: any. */
  readonly files: readonly string[]
  /** At which such call of one thread, at most. */
  readonly mostCount: number
  /** Only a store that evicts makes enough of these calls. */
  readonly evicts?: boolean
  /** Is it traced from its start, or told to stop in order and killed on the way? Without, it is killed under load. */
  readonly during?: 'start' | 'stop'
}

const whatever: readonly string[] = []
const databases = ['blobs.db', 'index.db', 'side.db']

/** Each way in which the store writes: blobs, rows, records, what stands beside them, folding, eviction, start and end. */
export const faults: readonly Fault[] = [
  { call: undefined, files: whatever, mostCount: 200 },
  { call: 'pwrite64', files: ['blobs.db-wal'], mostCount: 150 },
  { call: 'rename', files: whatever, mostCount: 8 },
  { call: 'unlink', files: whatever, mostCount: 6, evicts: true },
  { call: 'fsync', files: whatever, mostCount: 16 },
  { call: 'fdatasync', files: ['index.db-wal'], mostCount: 8 },
  { call: 'pwritev', files: whatever, mostCount: 8 },
  { call: 'pwrite64', files: databases, mostCount: 60, evicts: true },
  { call: 'fdatasync', files: ['blobs.db-wal'], mostCount: 8 },
  { call: 'pwrite64', files: ['index.db-wal'], mostCount: 60 },
  { call: 'rename', files: whatever, mostCount: 2, during: 'start' },
  { call: 'fsync', files: ['blobs.db', 'index.db', 'blobs.db-wal', 'index.db-wal'], mostCount: 4, evicts: true },
  { call: 'unlink', files: ['index.db-wal', 'blobs.db-wal', 'side.db-wal'], mostCount: 3, during: 'stop' },
  { call: 'pwrite64', files: ['side.db-wal', 'side.db'], mostCount: 30 },
  { call: 'unlink', files: whatever, mostCount: 4, during: 'start' },
  { call: 'ftruncate', files: databases, mostCount: 3, evicts: true },
  { call: 'rename', files: ['clean.new'], mostCount: 1, during: 'stop' },
  { call: 'fdatasync', files: ['side.db-wal'], mostCount: 3 },
  { call: 'pwrite64', files: whatever, mostCount: 40, during: 'start' },
  { call: 'fsync', files: [...databases, 'clean.new'], mostCount: 4, during: 'stop' },
  { call: 'link', files: whatever, mostCount: 1, during: 'start' },
  { call: 'unlink', files: ['lock', 'blobs.db-shm'], mostCount: 1, during: 'stop' },
  { call: 'fsync', files: whatever, mostCount: 8, during: 'start' },
]

const goldenShare = 0.618_033_988_75

/** Which of its calls a fault is at in its `turn`: spread evenly, however many turns there are. */
export function countAt({ mostCount }: Fault, turn: number): number {
  return 1 + Math.floor(((0.3 + turn * goldenShare) % 1) * mostCount)
}

/**
 * The words of strace that kill the program behind them, or the one whose number follows `-p`, before the `count`th call. Not with
 * --seccomp-bpf: it would inject no signal.
 */
export function tracerOf({ call, files }: Fault, count: number, dataFolder: string, traceFile: string): string[] {
  return [
    ...['strace', '-f', '-y', '-s', '0', '-o', traceFile, '-e', 'signal=none'],
    ...files.flatMap((name) => ['-P', join(dataFolder, name)]),
    ...['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${count}`],
  ]
}

/** What the last call was about: `tmp/*`, `index.db-wal`. */
export function placeOf(traceFile: string, dataFolder: string): string {
  const traced = existsSync(traceFile) ? readFileSync(traceFile, 'utf8') : ''
  const last = traced.split('\n').findLast((line) => line.includes(`${dataFolder}/`)) ?? ''
  const path = last.slice(last.indexOf(dataFolder) + dataFolder.length + 1).split(/[>"]/)[0]!
  return path
    .replace(/^lock\.[0-9a-f]+.*/, 'lock.*')
    .replace(/^tmp\/.+/, 'tmp/*')
    .replace(/^blobs\/[0-9a-f]{2}(\/.+)?$/, (_, file) => (file === undefined ? 'blobs/*' : 'blobs/*/*'))
}
