import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { TestLarder } from '../../support/larder.ts'
import { ask } from '../../support/proxy-client.ts'

/** What clients saw while they asked without a break. */
export interface LoadResult {
  readonly count: number
  readonly failed: readonly string[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
}

export interface Load {
  /** Ends it and answers what was seen since the last `part`. */
  stop(): Promise<LoadResult>
  /** What was seen since the last call. */
  part(): LoadResult
  /** Resolves when so many more requests are over. */
  more(count: number): Promise<void>
}

const clientCount = 12

/** Clients that ask for `urlOf(number)` one after another; the content must be `contentOf` the URL. */
export function startLoad(
  larder: TestLarder,
  urlOf: (number: number) => string,
  contentOf: (url: string) => string,
): Load {
  let number = 0
  let overCount = 0
  const over = new EventEmitter()
  let stopped = false
  let times: number[] = []
  let failed: string[] = []
  const client = async (): Promise<void> => {
    while (!stopped) {
      number += 1
      const url = urlOf(number)
      const startMs = performance.now()
      const answer = await ask(larder.port, url).catch((error: Error) => error)
      times.push(performance.now() - startMs)
      if (answer instanceof Error) failed.push(`${url}: ${answer.message}`)
      else if (answer.status !== 200 || !answer.complete || answer.body.toString() !== contentOf(url)) {
        failed.push(`${url}: ${answer.status} ${answer.body}`)
      }
      overCount += 1
      over.emit('one')
      await pause(5)
    }
  }
  const clients = Array.from({ length: clientCount }, client)
  const part = (): LoadResult => {
    const sorted = times.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
    const seen = { count: times.length, failed, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) }
    times = []
    failed = []
    return seen
  }
  return {
    part,
    more: async (count) => {
      for (const wanted = overCount + count; overCount < wanted; ) await once(over, 'one')
    },
    stop: async () => {
      stopped = true
      await Promise.all(clients)
      return part()
    },
  }
}

export function said(name: string, { count, p50Ms, p99Ms, mostMs, failed }: LoadResult): string {
  const ms = (time: number): string => time.toFixed(1)
  return `${name}: ${count} requests, ${failed.length} failed, p50 ${ms(p50Ms)} ms, p99 ${ms(p99Ms)} ms, longest ${ms(mostMs)} ms`
}
