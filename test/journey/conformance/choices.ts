import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Face } from './face-adapter.ts'
import { type PeerName, peers } from './peers.ts'

/** What the command line of scripts/conformance asks for. */
export interface Choices {
  readonly faces: readonly Face[]
  /** The only test to run, with a dump. */
  readonly id: string | undefined
  readonly peers: readonly PeerName[]
  /** Larder's entry; undefined runs the peers alone. */
  readonly larder: string | undefined
  /** Where lists of what did not pass go: `LIST-larder-plain.txt` and so on. */
  readonly list: string | undefined
}

const allFaces: readonly Face[] = ['plain', 'intercepted']

function oneOf<Word extends string>(option: string, given: string, known: readonly Word[]): Word {
  const found = known.find((word) => word === given)
  if (found === undefined) throw new Error(`--${option} ${given}: known are ${known.join(', ')}`)
  return found
}

/** Reads the command line; throws a message that names the wrong word. */
export function readChoices(words: readonly string[]): Choices {
  const { values } = parseArgs({
    args: [...words],
    options: {
      face: { type: 'string' },
      id: { type: 'string' },
      peers: { type: 'string' },
      larder: { type: 'string', default: join(import.meta.dirname, '../../../src/main.ts') },
      list: { type: 'string' },
    },
  })
  const peerNames = Object.keys(peers) as PeerName[]
  return {
    faces: values.face === undefined ? allFaces : [oneOf('face', values.face, allFaces)],
    id: values.id,
    peers: values.peers?.split(',').map((name) => oneOf('peers', name, peerNames)) ?? [],
    larder: values.larder === 'none' ? undefined : resolve(values.larder),
    list: values.list === undefined ? undefined : resolve(values.list),
  }
}
