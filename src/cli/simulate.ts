import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseSize } from '../config/units.ts'
import { type EvictionName, evictionNames } from '../store/eviction-policy.ts'
import { type SimulatedRatio, simulateEviction, type Trace } from '../store/eviction-simulation.ts'
import type { Command } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'
import { ratioSvg, ratioText } from './ratio-plot.ts'
import { readAccessLog, readTrace } from './traces.ts'

export interface SimulateOptions {
  readonly trace: string | undefined
  readonly accessLog: string | undefined
  /** Empty: all policies. */
  readonly policies: readonly string[]
  /** Sizes with units, or shares of the footprint such as `10%`; empty: six shares. */
  readonly quotas: readonly string[]
  readonly svg: string | undefined
}

const initialShares = ['1%', '3%', '10%', '30%', '60%', '100%']
const percent = 100

/** `larder simulate`: what a store of another size, or with another policy, would have answered. */
export const simulate: Command<[options: SimulateOptions]> = ({ terminal, json }, options) => {
  const trace = traceIn(options)
  if (trace.objectCount === 0) throw wrong('the trace has no request that a cache could answer')
  const policies = options.policies.length === 0 ? evictionNames : options.policies.map(policyNamed)
  const texts = options.quotas.length === 0 ? initialShares : options.quotas
  const quotas = [...new Set(texts.map((text) => quotaBytes(text, trace)))]
  const ratios = quotas.flatMap((bytes) => policies.map((policy) => simulateEviction(trace, policy, bytes)))
  const source = basename(options.trace ?? options.accessLog ?? '')
  if (options.svg !== undefined) writeSvg(options.svg, ratioSvg(ratios, `Hit ratio over size: ${source}`))
  const requests = trace.objects.length
  const { objectCount: objects, footprintBytes } = trace
  if (json) terminal.printJson({ requests, objects, footprintBytes, ratios })
  else {
    terminal.print(`${requests} requests for ${objects} objects of ${roughSize(footprintBytes)} together\n\n`)
    terminal.print(`${table(ratios, trace)}\n${ratioText(ratios)}`)
  }
  return exitCodes.done
}

function traceIn({ trace, accessLog }: SimulateOptions): Trace {
  if ((trace === undefined) === (accessLog === undefined)) throw wrong('give either --trace or --access-log')
  return trace === undefined ? readAccessLog(accessLog!) : readTrace(trace)
}

function table(ratios: readonly SimulatedRatio[], trace: Trace): string {
  const rows = ratios.map(({ policy, quotaBytes, hitRatio, byteHitRatio, savedRatio, evictedCount }) => [
    roughSize(Math.round(quotaBytes)),
    shareText(quotaBytes / trace.footprintBytes),
    policy,
    shareText(hitRatio),
    shareText(byteHitRatio),
    shareText(savedRatio),
    String(evictedCount),
  ])
  const heading = ['size', 'of all', 'policy', 'objects', 'bytes', 'time saved', 'evicted']
  const widths = heading.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]!.length)))
  return [heading, ...rows]
    .map(
      (row) =>
        `${row.map((cell, at) => (at === 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')}\n`,
    )
    .join('')
}

function shareText(share: number): string {
  return `${(share * percent).toFixed(1)} %`
}

function policyNamed(name: string): EvictionName {
  const found = evictionNames.find((one) => one === name)
  if (found === undefined) throw wrong(`${name} is no policy; there are ${evictionNames.join(', ')}`)
  return found
}

function quotaBytes(text: string, trace: Trace): number {
  const share = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text)?.[1]
  const bytes = share === undefined ? parseSize(text) : (trace.footprintBytes * Number(share)) / percent
  if (bytes === undefined || !(bytes > 0))
    throw wrong(`${text} is neither a size, such as 20GiB, nor a share, such as 10%`)
  return bytes
}

function writeSvg(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CommandFailure(exitCodes.failed, `${file} cannot be written: ${code}`, 'Name another file.')
  }
}

function wrong(reason: string): CommandFailure {
  return new CommandFailure(exitCodes.usage, reason, 'See larder simulate --help.')
}
