import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ExactFetch } from './exact-fetch.ts'

/** How the suite sees a behaviour: a duty, the better one of two choices, or a question without a right answer. */
export type Kind = 'required' | 'optimal' | 'check'

/** One behaviour, as the suite writes it. Only what the harness reads is declared. */
export interface Behaviour {
  readonly id: string
  readonly name: string
  readonly kind?: Kind
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
  dump?: boolean
}

export interface BehaviourGroup {
  readonly id: string
  readonly name: string
  readonly tests: readonly Behaviour[]
}

/** `true`, or the name and the message of what went wrong. The name `Setup` says that the test could not be made. */
export type RawResult = true | readonly [string, string]
export type RawResults = Readonly<Record<string, RawResult>>
/** Statuses of each test's responses, in order. */
export type Statuses = Readonly<Record<string, readonly number[]>>

/** How many behaviours the pinned version holds, and how many of them are for caches that are no browser's. */
export const behaviourCounts = { all: 334, forProxies: 329 } as const

const load = (suiteFolder: string, file: string): Promise<unknown> =>
  import(pathToFileURL(join(suiteFolder, file)).href)

/** All groups but Surrogate-Control: that field is for an origin's own gateways, and a proxy must not look at it. */
export async function loadGroups(suiteFolder: string): Promise<readonly BehaviourGroup[]> {
  const { default: groups } = (await load(suiteFolder, 'tests/index.mjs')) as { default: BehaviourGroup[] }
  const all = groups.flatMap(({ tests }) => tests)
  const forProxies = all.filter(({ browser_only }) => browser_only !== true)
  const found = { all: all.length, forProxies: forProxies.length }
  if (found.all !== behaviourCounts.all || found.forProxies !== behaviourCounts.forProxies) {
    throw new Error(`the suite holds ${JSON.stringify(found)} behaviours, not ${JSON.stringify(behaviourCounts)}`)
  }
  return groups.map((group) => ({ ...group, tests: group.tests.filter((test) => test.browser_only !== true) }))
}

interface Runner {
  runTests(
    groups: readonly BehaviourGroup[],
    fetch: ExactFetch,
    useBrowserCache: boolean,
    baseUrl: string,
    chunkSize: number,
  ): Promise<void>
  getResults(): RawResults
}

/** Runs `groups` by the suite's own client. It keeps its state in its modules: once in a thread. */
export async function runGroups(
  suiteFolder: string,
  groups: readonly BehaviourGroup[],
  fetch: ExactFetch,
  baseUrl: string,
): Promise<RawResults> {
  const runner = (await load(suiteFolder, 'client/runner.mjs')) as Runner
  const atOnce = 110
  await runner.runTests(groups, fetch, false, baseUrl, atOnce)
  return runner.getResults()
}
