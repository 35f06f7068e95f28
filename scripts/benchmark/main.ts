import { lookup } from 'node:dns/promises'
import { rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import type { Results } from './budget.ts'
import { type Choices, readChoices } from './choices.ts'
import { costTable, speedTable } from './markdown-table.ts'
import { startOrigin } from './origin.ts'
import { nginx, squid } from './peers.ts'
import { usageReader } from './process-usage.ts'
import { type Contestant, runWorkload, type Setting, type WorkloadResults } from './run.ts'
import { floor, larder, type Site, type Subject } from './subject.ts'
import { makeWorkFolder, nameSuffix, writeHostCertificates } from './work-folder.ts'
import { hostCounts, workloads } from './workloads.ts'

const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`)
}

type CleanUp = (step: () => Promise<void> | void) => void

async function subjectsOf(choices: Choices, site: Site): Promise<Subject[]> {
  const makers = { floor, squid, nginx }
  const subjects = choices.larder === undefined ? [] : [await larder(site, choices.larder)]
  for (const name of choices.peers) subjects.push(await makers[name](site))
  return subjects
}

async function startAll(subjects: readonly Subject[], atTheEnd: CleanUp): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  for (const subject of subjects) {
    const contestant = { subject, server: await subject.start() }
    atTheEnd(() => contestant.server.stop())
    contestants.push(contestant)
    say(`${subject.name} listens on port ${contestant.server.port}`)
  }
  return contestants
}

const namesResolve = (): Promise<boolean> =>
  lookup(`h0.${nameSuffix}`).then(
    ({ address }) => address === '127.0.0.1',
    () => false,
  )

async function benchmark(choices: Choices, atTheEnd: CleanUp): Promise<Record<string, WorkloadResults>> {
  const usageOf = usageReader()
  say('making contents, certificates and the load generator')
  const folder = makeWorkFolder()
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }))
  const named = await namesResolve()
  const hosts = named && choices.only.some((name) => workloads[name]!.manyHosts)
  if (hosts) writeHostCertificates(folder, hostCounts.warmUp + choices.rounds * hostCounts.round)
  const origin = await startOrigin(folder)
  atTheEnd(() => origin.stop())
  const contestants = await startAll(await subjectsOf(choices, { folder, origin }), atTheEnd)
  const tlsHost = named ? `origin.${nameSuffix}` : 'localhost'
  const setting: Setting = { folder, origin, tlsHost, rounds: choices.rounds, seconds: choices.seconds, usageOf, say }
  const endMs = Date.now() + choices.minutes * 60_000
  const all: Record<string, WorkloadResults> = {}
  for (const name of choices.only) {
    const workload = workloads[name]!
    if (workload.manyHosts && !named) say(`${name} is left out: names below ${nameSuffix} do not resolve (run as root)`)
    else if (Date.now() > endMs) say(`${name} is left out: ${choices.minutes} minutes have passed`)
    else all[name] = await runWorkload(name, workload, contestants, setting)
  }
  return all
}

function print(choices: Choices, all: Record<string, WorkloadResults>): void {
  const medians: Record<string, Results> = Object.fromEntries(
    Object.entries(all).map(([name, results]) => [name, results.medians]),
  )
  process.stdout.write(`${choices.table ? `${costTable(medians)}\n\n` : ''}${speedTable(medians)}\n`)
  if (choices.json !== undefined) {
    const machine = { processor: cpus()[0]?.model, processors: cpus().length, node: process.version }
    const settings = { rounds: choices.rounds, seconds: choices.seconds, at: new Date().toISOString() }
    writeFileSync(choices.json, `${JSON.stringify({ machine, settings, workloads: all }, undefined, 2)}\n`)
  }
  const failed = Object.values(medians).some((results) =>
    Object.values(results).some(({ errorCount }) => errorCount > 0),
  )
  if (failed) {
    say('some requests failed: figures with errors mean little')
    process.exitCode = 1
  }
}

async function main(): Promise<void> {
  const choices = readChoices(process.argv.slice(2))
  const steps: (() => Promise<void> | void)[] = []
  const cleanUp = async (): Promise<void> => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)))
  }
  const busy = loadavg()[0] ?? 0
  if (busy > 0.5) say(`the machine is busy (load ${busy.toFixed(1)}): trust ratios of CPU time alone`)
  try {
    print(choices, await benchmark(choices, (step) => void steps.push(step)))
  } finally {
    await cleanUp()
  }
}

await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
