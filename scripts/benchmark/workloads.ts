import type { Origin } from './origin.ts'
import type { Subject } from './subject.ts'
import { contentBytes, nameSuffix } from './work-folder.ts'

/** One run of the load generator. */
export interface Load {
  readonly url: string
  readonly tunnel: boolean
  readonly connections: number
  /** Either lasts so long … */
  readonly seconds?: number
  /** … or makes so many requests, within `limitSeconds`. */
  readonly requests?: number
  readonly limitSeconds?: number
  /** So many URLs, again and again; without, each request has its own. */
  readonly distinct?: number
  readonly first?: number
  readonly fresh?: boolean
  readonly expectBytes: number
  readonly bytesPerSecond?: number
}

/** Where the load of a round goes, and what makes its URLs new. */
export interface Round {
  readonly origin: Origin
  /** The name of the origin in tunnels. */
  readonly tlsHost: string
  readonly seconds: number
  /** Differs between any two rounds of any two subjects. */
  readonly tag: string
  /** Number of the round of this subject, from 0. */
  readonly number: number
}

export interface Workload {
  readonly load: (round: Round) => Load
  /** Run once for each subject before the rounds. */
  readonly warmUp?: (round: Round) => Load
  /** Whether a subject can take part. */
  readonly suits: (subject: Subject) => boolean
  /** All answers should come from the cache. */
  readonly hits?: true
  /** The subject is started afresh, so that its memory is this workload's. */
  readonly afresh?: true
  readonly roundsAtMost?: number
  /** The path whose requests at the origin are counted. */
  readonly countedPath?: (round: Round) => string
  /** Needs many host names that resolve to loopback. */
  readonly manyHosts?: true
}

const plain = ({ origin }: Round, path: string): { url: string; tunnel: boolean } => ({
  url: `http://127.0.0.1:${origin.plainPort}${path}`,
  tunnel: false,
})
const tls = ({ origin, tlsHost }: Round, path: string): { url: string; tunnel: boolean } => ({
  url: `https://${tlsHost}:${origin.tlsPort}${path}`,
  tunnel: true,
})
type Way = typeof plain

const anyone = (): boolean => true
const openingTls = ({ opensTls }: Subject): boolean => opensTls
const caching = ({ caches }: Subject): boolean => caches
const cachingTls = (subject: Subject): boolean => openingTls(subject) && caching(subject)

const smallHits = (way: Way, suits: Workload['suits']): Workload => {
  const load = (round: Round) => ({ ...way(round, '/10k/{n}'), distinct: 100, expectBytes: contentBytes['10k'] })
  return {
    suits,
    hits: true,
    warmUp: (round) => ({ ...load(round), connections: 8, requests: 3000, limitSeconds: 60 }),
    load: (round) => ({ ...load(round), connections: 64, seconds: round.seconds }),
  }
}

const largeHits = (way: Way, suits: Workload['suits']): Workload => {
  const load = (round: Round) => ({ ...way(round, '/256m/hit'), expectBytes: contentBytes['256m'], limitSeconds: 120 })
  return {
    suits,
    hits: true,
    warmUp: (round) => ({ ...load(round), connections: 1, requests: 2 }),
    load: (round) => ({ ...load(round), connections: 4, requests: 8 }),
  }
}

const smallMisses = (way: Way, suits: Workload['suits']): Workload => {
  const load = (round: Round) => ({ ...way(round, `/10k/${round.tag}-{n}`), expectBytes: contentBytes['10k'] })
  return {
    suits,
    warmUp: (round) => ({ ...load(round), connections: 8, requests: 1000, limitSeconds: 60 }),
    load: (round) => ({ ...load(round), connections: 64, seconds: round.seconds }),
  }
}

const newConnections: Workload = {
  ...smallHits(tls, openingTls),
  load: (round) => ({ ...smallHits(tls, openingTls).load(round), fresh: true, connections: 16 }),
}

/** Host names in the warm-up of new-hosts and in each of its rounds. */
export const hostCounts = { warmUp: 50, round: 100 } as const

const newHosts: Workload = {
  suits: openingTls,
  manyHosts: true,
  warmUp: (round) => ({ ...firstVisits(round, 0), requests: hostCounts.warmUp }),
  load: (round) => firstVisits(round, hostCounts.warmUp + round.number * hostCounts.round),
}

function firstVisits(round: Round, first: number): Load {
  const where = tls({ ...round, tlsHost: `h{n}.${nameSuffix}` }, '/first/1')
  const expectBytes = contentBytes['10k']
  return { ...where, first, fresh: true, connections: 8, requests: hostCounts.round, limitSeconds: 60, expectBytes }
}

const largeMisses: Workload = {
  suits: caching,
  load: (round) => ({
    ...plain(round, `/256m/${round.tag}-{n}`),
    connections: 1,
    requests: 2,
    limitSeconds: 120,
    expectBytes: contentBytes['256m'],
  }),
}

const stampede: Workload = {
  suits: caching,
  afresh: true,
  roundsAtMost: 1,
  countedPath: (round) => `/stampede/${round.tag}`,
  load: (round) => ({
    ...plain(round, `/stampede/${round.tag}`),
    connections: 600,
    requests: 600,
    limitSeconds: 300,
    expectBytes: contentBytes['32m'],
  }),
}

const slowHits = (round: Round) => ({ ...plain(round, '/32m/{n}'), distinct: 20, expectBytes: contentBytes['32m'] })
const slow: Workload = {
  suits: anyone,
  afresh: true,
  roundsAtMost: 1,
  warmUp: (round) => ({ ...slowHits(round), connections: 4, requests: 20, limitSeconds: 60 }),
  load: (round) => ({ ...slowHits(round), connections: 600, seconds: 10, bytesPerSecond: 256 * 1024 }),
}

export const workloads: Readonly<Record<string, Workload>> = {
  'hit-10k-plain': smallHits(plain, anyone),
  'hit-10k-tls': smallHits(tls, openingTls),
  'hit-256m-plain': largeHits(plain, anyone),
  'hit-256m-tls': largeHits(tls, openingTls),
  'new-connection-tls': newConnections,
  'new-hosts': newHosts,
  'miss-10k-plain': smallMisses(plain, caching),
  'miss-10k-tls': smallMisses(tls, cachingTls),
  'miss-256m-plain': largeMisses,
  'stampede-600': stampede,
  'slow-600': slow,
}
