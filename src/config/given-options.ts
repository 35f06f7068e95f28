import { dirname, resolve } from 'node:path'
import { Fault } from '../base/faults.ts'
import type { Environment } from './environment.ts'
import { configFlag, type OptionName, optionRows, variableOf } from './options.ts'
import type { UserRule } from './user-rules.ts'
import { parseConfigFile } from './yaml-config-file.ts'

/** Where an effective value came from. */
export type Origin = 'flag' | 'environment' | `file ${string}:${number}` | 'initial'

/** An option that somebody gave: its texts, unread. */
export interface Given {
  readonly texts: readonly string[]
  readonly origin: Origin
  /** Where relative paths start. */
  readonly folder: string
}

export type GivenOptions = ReadonlyMap<OptionName, Given>

/** Flags by option name (`ca-dir`, not `caDir`), each with the texts in the order given. */
export type Flags = Readonly<Record<string, readonly string[]>>

/** A Service of the name `larder` makes Kubernetes put such variables into every container. */
const foreignVariable = /^LARDER_(?:SERVICE_|PORT$|PORT_)/

/** All that was given. */
export interface Collected {
  readonly options: GivenOptions
  readonly rules: readonly UserRule[]
}

/** What flags, else the environment, else the file say. Throws `CONFIG_UNKNOWN_OPTION` and `CONFIG_BAD_VALUE`. */
export function collectOptions(flags: Flags, environment: Environment, readFile: (path: string) => string): Collected {
  const given = new Map<OptionName, Given>()
  const file = flags[configFlag.name]?.at(-1) ?? environment[variableOf(configFlag.name)]
  const rules = file !== undefined && file !== '' ? addFile(given, file, readFile) : []
  addEnvironment(given, environment)
  for (const [name, texts] of Object.entries(flags)) {
    if (name === configFlag.name) continue
    given.set(known(name, `--${name}`, flagOf), { texts: splitAll(name, texts), origin: 'flag', folder: '.' })
  }
  return { options: given, rules }
}

const flagOf = (name: string): string => `--${name}`

function addEnvironment(given: Map<OptionName, Given>, environment: Environment): void {
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('LARDER_') || foreignVariable.test(variable)) continue
    if (text === undefined || text === '' || variable === variableOf(configFlag.name)) continue
    const name = variable.slice('LARDER_'.length).toLowerCase().replaceAll('_', '-')
    const texts = splitAll(name, [text])
    given.set(known(name, variable, variableOf), { texts, origin: 'environment', folder: '.' })
  }
}

/** Answers the file's rules. */
function addFile(given: Map<OptionName, Given>, path: string, readFile: (path: string) => string): readonly UserRule[] {
  let text: string
  try {
    text = readFile(path)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'it cannot be read'
    throw new Fault('CONFIG_BAD_VALUE', `--config "${path}": ${reason}`, { cause })
  }
  const { entries, rules } = parseConfigFile(text, path)
  for (const { name, texts, line } of entries) {
    const option = known(name, `${path}:${line}: ${name}`, (nearest) => nearest)
    given.set(option, { texts, origin: `file ${path}:${line}`, folder: dirname(resolve(path)) })
  }
  return rules
}

/** A list may be given as one text with commas, or with line ends where values may have commas. */
function splitAll(name: string, texts: readonly string[]): string[] {
  const row = optionRows.find((one) => one.name === name)
  if (row?.repeatable !== true) return [...texts]
  const separator = row.keepsCommas === true ? '\n' : ','
  return texts.flatMap((text) => text.split(separator).map((part) => part.trim())).filter((part) => part !== '')
}

function known(name: string, written: string, spell: (name: string) => string): OptionName {
  const row = optionRows.find((one) => one.name === name)
  if (row !== undefined) return row.name
  const nearest = nearestName(name)
  throw new Fault('CONFIG_UNKNOWN_OPTION', `${written} is no option; the nearest is ${spell(nearest)}`)
}

/** The known name with the fewest letters to change. */
export function nearestName(name: string): string {
  const names = [...optionRows.map((row) => row.name), configFlag.name]
  const distances = names.map((one) => distance(one, name))
  return names[distances.indexOf(Math.min(...distances))]!
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
