import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { hostCounts, workloads } from './workloads.ts'

const peerNames = ['floor', 'squid', 'nginx'] as const
type PeerName = (typeof peerNames)[number]

/** What the command line asks for. */
export interface Choices {
  readonly only: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly minutes: number
  readonly peers: readonly PeerName[]
  /** Path of Larder's entry; undefined measures the others alone. */
  readonly larder: string | undefined
  readonly json: string | undefined
  readonly table: boolean
}

/** How many names scripts/bench makes resolve. */
const hostCount = 1000
const roundsAtMost = Math.floor((hostCount - hostCounts.warmUp) / hostCounts.round)

function positive(name: string, text: string, most = Number.POSITIVE_INFINITY): number {
  const number = Number(text)
  if (number > 0 && number <= most) return number
  throw new Error(
    `--${name} ${text}: a number above 0${most < Number.POSITIVE_INFINITY ? ` and up to ${most}` : ''} is needed`,
  )
}

function namesIn<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
  return text.split(',').map((given) => {
    const found = known.find((name) => name === given)
    if (found === undefined) throw new Error(`--${option} ${given}: known are ${known.join(', ')}`)
    return found
  })
}

/** Reads the command line; throws a message that names the wrong word. */
export function readChoices(words: readonly string[]): Choices {
  const all = Object.keys(workloads)
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string', default: all.join(',') },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      minutes: { type: 'string', default: '45' },
      peers: { type: 'string', default: peerNames.join(',') },
      larder: { type: 'string', default: join(import.meta.dirname, '../../src/main.ts') },
      json: { type: 'string' },
      table: { type: 'boolean', default: false },
    },
  })
  return {
    only: namesIn('only', values.only, all),
    rounds: Math.ceil(positive('rounds', values.rounds, roundsAtMost)),
    seconds: positive('seconds', values.seconds, 60),
    minutes: positive('minutes', values.minutes),
    peers: values.peers === 'none' ? [] : namesIn('peers', values.peers, peerNames),
    larder: values.larder === 'none' ? undefined : resolve(values.larder),
    json: values.json === undefined ? undefined : resolve(values.json),
    table: values.table,
  }
}
