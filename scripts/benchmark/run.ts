import type { Results } from './budget.ts'
import { type Measurement, measure } from './measure.ts'
import type { Origin } from './origin.ts'
import type { Usage } from './process-usage.ts'
import type { RunningServer } from './processes.ts'
import { type Figures, medianFigures } from './statistics.ts'
import type { Subject } from './subject.ts'
import type { Load, Round, Workload } from './workloads.ts'

/** A subject and the server that stands for it now. */
export interface Contestant {
  readonly subject: Subject
  server: RunningServer
}

export interface Setting {
  readonly folder: string
  readonly origin: Origin
  readonly tlsHost: string
  readonly rounds: number
  readonly seconds: number
  readonly usageOf: (pid: number) => Usage
  readonly say: (line: string) => void
}

/** Medians, and every round that they come from. */
export interface WorkloadResults {
  readonly medians: Results
  readonly rounds: Readonly<Record<string, readonly Figures[]>>
}

const hitShareWanted = 0.99

/** Runs one workload: all warm-ups, then the rounds, in each of which every subject has its turn. */
export async function runWorkload(
  name: string,
  workload: Workload,
  contestants: readonly Contestant[],
  setting: Setting,
): Promise<WorkloadResults> {
  const suited = contestants.filter(({ subject }) => workload.suits(subject))
  for (const contestant of suited) await prepare(name, workload, contestant, setting)
  const rounds: Record<string, Figures[]> = {}
  const roundCount = Math.min(setting.rounds, workload.roundsAtMost ?? setting.rounds)
  for (let number = 0; number < roundCount; number++) {
    for (const contestant of suited) {
      const figures = await playRound(name, workload, contestant, setting, number)
      const known = (rounds[contestant.subject.name] ??= [])
      known.push(figures)
    }
  }
  const medians = Object.fromEntries(Object.entries(rounds).map(([subject, all]) => [subject, medianFigures(all)]))
  return { medians, rounds }
}

const roundOf = ({ origin, tlsHost, seconds }: Setting, tag: string, number: number): Round => ({
  origin,
  tlsHost,
  seconds,
  tag,
  number,
})

const play = (
  { folder, usageOf }: Setting,
  { server }: Contestant,
  load: Load,
  caFile?: string,
): Promise<Measurement> => measure({ folder, usageOf, server, load, caFile })

/** Certificates are verified in the warm-up alone: in the rounds that would only cost the load generator time. */
async function prepare(name: string, workload: Workload, contestant: Contestant, setting: Setting): Promise<void> {
  const { subject } = contestant
  if (workload.afresh) {
    await contestant.server.stop()
    contestant.server = await subject.start()
  }
  if (workload.warmUp === undefined) return
  const round = roundOf(setting, `warm-${name}-${subject.name}`, 0)
  const { firstError } = await play(setting, contestant, workload.warmUp(round), subject.caFile)
  if (firstError !== undefined) setting.say(`${name} ${subject.name}: warm-up: ${firstError}`)
}

async function playRound(
  name: string,
  workload: Workload,
  contestant: Contestant,
  setting: Setting,
  number: number,
): Promise<Figures> {
  const { subject } = contestant
  const round = roundOf(setting, `${name}-${subject.name}-${number}`, number)
  const { figures, firstError } = await play(setting, contestant, workload.load(round))
  const originRequestCount =
    workload.countedPath === undefined ? Number.NaN : setting.origin.requestCount(workload.countedPath(round))
  const label = `${name} round ${number + 1} ${subject.name}`
  setting.say(`${label}: ${describe(figures)}${firstError === undefined ? '' : `, first error: ${firstError}`}`)
  if (workload.hits && subject.caches && figures.hitShare < hitShareWanted) {
    setting.say(`${label}: only ${(figures.hitShare * 100).toFixed(1)} % of the answers were hits`)
  }
  return { ...figures, originRequestCount }
}

function describe(figures: Figures): string {
  const { requestsPerSecond, mbPerSecond, p99Ms, cpuUsPerRequest, cpuMsPerMb, peakRssMb, errorCount } = figures
  const speed = `${requestsPerSecond.toFixed(1)} requests/s, ${mbPerSecond.toFixed(0)} MB/s, p99 ${p99Ms.toFixed(1)} ms`
  const cost = `CPU ${cpuUsPerRequest.toFixed(1)} µs/request, ${cpuMsPerMb.toFixed(3)} ms/MB`
  return `${speed}, ${cost}, RSS ${peakRssMb.toFixed(0)} MB${errorCount > 0 ? `, ${errorCount} errors` : ''}`
}
