import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Usage } from './process-usage.ts'
import type { RunningServer } from './processes.ts'
import type { Figures } from './statistics.ts'
import type { Load } from './workloads.ts'

/** What the load generator prints. */
interface Printed {
  readonly requests: number
  readonly errors: number
  readonly hits: number
  readonly bytes: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly firstError: string
}

export interface Measurement {
  readonly figures: Figures
  /** The first thing that went wrong, if any did. */
  readonly firstError?: string
}

export interface Measuring {
  readonly folder: string
  readonly usageOf: (pid: number) => Usage
  readonly server: RunningServer
  readonly load: Load
  /** Verify the server's certificates against this CA. */
  readonly caFile?: string | undefined
}

const sampleMs = 200
/** What the generator may take beyond its own limit. */
const graceSeconds = 10

function generatorParameters({ server, load, caFile }: Measuring): string[] {
  const numbers = {
    port: server.port,
    tunnel: Number(load.tunnel),
    fresh: Number(load.fresh ?? false),
    connections: load.connections,
    seconds: load.seconds,
    requests: load.requests,
    limit: load.limitSeconds,
    distinct: load.distinct,
    first: load.first,
    'expect-bytes': load.expectBytes,
    'bytes-per-second': load.bytesPerSecond,
  }
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined)
  const verify = caFile === undefined || !load.tunnel ? [] : ['--ca', caFile]
  return ['--url', load.url, ...verify, ...given.flatMap(([name, value]) => [`--${name}`, String(value)])]
}

/** Runs the load generator to its end; it is ended by force when it outlives its limit. */
function generate(measuring: Measuring): Promise<Printed> {
  const { folder, load } = measuring
  const child = spawn(join(folder, 'load-generator'), generatorParameters(measuring))
  const limitSeconds = (load.limitSeconds ?? load.seconds ?? 0) + graceSeconds
  const guard = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000)
  let printed = ''
  let complaint = ''
  child.stdout.on('data', (part: Buffer) => (printed += part.toString()))
  child.stderr.on('data', (part: Buffer) => (complaint += part.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(guard)
      if (printed === '') reject(new Error(complaint === '' ? 'the load generator did not end in time' : complaint))
      else resolve(JSON.parse(printed) as Printed)
    })
  })
}

/** One round of load, with what it cost the server's process tree. */
export async function measure(measuring: Measuring): Promise<Measurement> {
  const { server, usageOf } = measuring
  const before = usageOf(server.pid)
  let peakRssMb = before.rssMb
  const sampler = setInterval(() => {
    peakRssMb = Math.max(peakRssMb, usageOf(server.pid).rssMb)
  }, sampleMs)
  try {
    const printed = await generate(measuring)
    const after = usageOf(server.pid)
    const figures = figuresOf(printed, after.cpuSeconds - before.cpuSeconds, Math.max(peakRssMb, after.rssMb))
    return printed.errors > 0 ? { figures, firstError: printed.firstError } : { figures }
  } finally {
    clearInterval(sampler)
  }
}

function figuresOf(printed: Printed, cpuSeconds: number, peakRssMb: number): Figures {
  const { requests, bytes, seconds, p50Ms, p99Ms, errors, hits } = printed
  const mb = bytes / 1e6
  // A run in which nobody came to the end of an answer has no figure for an answer.
  const answered = requests === 0 ? Number.NaN : requests
  return {
    requestsPerSecond: answered / seconds,
    mbPerSecond: mb / seconds,
    p50Ms: requests === 0 ? Number.NaN : p50Ms,
    p99Ms: requests === 0 ? Number.NaN : p99Ms,
    cpuUsPerRequest: (cpuSeconds * 1e6) / answered,
    cpuMsPerMb: (cpuSeconds * 1e3) / mb,
    peakRssMb,
    seconds,
    errorCount: errors,
    hitShare: hits / answered,
    originRequestCount: Number.NaN,
  }
}
