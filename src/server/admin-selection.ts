import { parseDigest } from '../base/digest.ts'
import { compileGlob, mostGlobLength } from '../base/glob.ts'
import { parseAge, parseSize } from '../config/units.ts'
import type { Selection } from '../pipeline/selection.ts'

/** The members of a selection, with what each must be. */
const members = {
  url: `a pattern of at most ${mostGlobLength} characters`,
  host: `a pattern of at most ${mostGlobLength} characters`,
  digest: 'sha256:HEX',
  class: 'the name of a class or rule',
  older: 'an age such as 30d',
  newer: 'an age such as 1h',
  larger: 'a size such as 10MiB',
  smaller: 'a size such as 64KiB',
  pinned: 'true or false',
} as const

export type SelectionTexts = { readonly [Name in keyof typeof members]?: string }

export const selectionNames = Object.keys(members) as readonly (keyof typeof members)[]

/** Reads a selection; a text says what is wrong with it. */
export function parseSelection(texts: Readonly<Record<string, unknown>>): Selection | string {
  const selection: Record<string, unknown> = {}
  for (const name of selectionNames) {
    const text = texts[name]
    if (text === undefined) continue
    const value = typeof text === 'string' ? readers[name](text) : undefined
    if (value === undefined) return `${name} is not ${members[name]}`
    selection[fields[name]] = value
  }
  return selection
}

const fields: Readonly<Record<keyof typeof members, keyof Selection>> = {
  url: 'url',
  host: 'host',
  digest: 'digest',
  class: 'class',
  older: 'olderMs',
  newer: 'newerMs',
  larger: 'largerBytes',
  smaller: 'smallerBytes',
  pinned: 'pinned',
}

const readers: Readonly<Record<keyof typeof members, (text: string) => unknown>> = {
  url: compileGlob,
  host: (text) => compileGlob(text.toLowerCase()),
  digest: (text) => parseDigest(text.replace(/^sha256[:-]/, '').toLowerCase()),
  class: (text) => (/^[A-Za-z0-9._-]{1,100}$/.test(text) ? text : undefined),
  older: parseAge,
  newer: parseAge,
  larger: parseSize,
  smaller: parseSize,
  pinned: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
}
