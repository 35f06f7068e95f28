import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Trace } from '../store/eviction-simulation.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

interface Request {
  readonly object: string
  readonly sizeBytes: number
}

/** How to read one line; `undefined`: it tells of no request that a cache could answer. */
type ReadLine = (line: string) => Request | undefined

const mostBytes = 2 ** 31 - 1
const names = { object: ['object', 'id', 'key', 'url'], size: ['bytes', 'size'] }

/** A trace as comma-separated values with a heading that names `object` (or id, key, url) and `bytes` (or size). */
export function readTrace(file: string): Trace {
  const [heading = '', ...lines] = linesOf(file)
  const columns = heading.split(',').map((name) => name.trim().toLowerCase())
  const at = (wanted: readonly string[]): number => columns.findIndex((name) => wanted.includes(name))
  const object = at(names.object)
  const size = at(names.size)
  if (object < 0 || size < 0) {
    const reason = `${file}: the first line names no columns object and bytes`
    throw new CommandFailure(exitCodes.usage, reason, 'A trace looks like this: time,object,bytes')
  }
  return traceOf(lines, (line) => {
    const cells = line.split(',')
    return { object: cells[object] ?? '', sizeBytes: Number(cells[size]) }
  })
}

/** The access log of the daemon: every whole response to GET that came from the cache or an origin. */
export function readAccessLog(file: string): Trace {
  return traceOf(linesOf(file), (line) => {
    let event: { method?: unknown; url?: unknown; status?: unknown; bytes?: unknown; result?: unknown }
    try {
      event = JSON.parse(line)
    } catch {
      return undefined
    }
    const { method, url, status, bytes, result } = event
    const counts = method === 'GET' && status === 200 && result !== 'tunnelled' && result !== 'failed'
    if (!counts || typeof url !== 'string' || typeof bytes !== 'number') return undefined
    return { object: url, sizeBytes: bytes }
  })
}

/** An object is as large as it was at last, all along: what else it was is a change that the policy has no say in. */
function traceOf(lines: readonly string[], read: ReadLine): Trace {
  const numbers = new Map<string, number>()
  const sizeOf: number[] = []
  const objects: number[] = []
  for (const line of lines) {
    const request = line === '' ? undefined : read(line)
    if (request === undefined || !(request.sizeBytes > 0)) continue
    const number = numbers.get(request.object) ?? numbers.size
    numbers.set(request.object, number)
    sizeOf[number] = request.sizeBytes
    objects.push(number)
  }
  return {
    objects: Uint32Array.from(objects),
    sizes: Float64Array.from(objects, (object) => sizeOf[object]!),
    objectCount: sizeOf.length,
    footprintBytes: sizeOf.reduce((sum, bytes) => sum + bytes, 0),
  }
}

function linesOf(file: string): string[] {
  try {
    return unpacked(file).toString('utf8').split(/\r?\n/)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CommandFailure(exitCodes.failed, `${file} cannot be read: ${code ?? message}`, 'Name another file.')
  }
}

/** `.gz`, `.zst` and, where the program xz is installed, `.xz`; `-` is standard input. */
function unpacked(file: string): Buffer {
  if (file.endsWith('.xz')) return execFileSync('xz', ['-dc', '--', file], { maxBuffer: mostBytes })
  const bytes = readFileSync(file === '-' ? 0 : file)
  if (file.endsWith('.gz')) return gunzipSync(bytes)
  return file.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes
}
