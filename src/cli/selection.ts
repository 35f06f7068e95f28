import { type Command as CommanderCommand, Option } from 'commander'
import type { FoundResponse } from '../pipeline/find-responses.ts'
import { type SelectionTexts, selectionNames } from '../server/admin-selection.ts'
import type { Values } from './declaration.ts'
import { roughAge, roughSize } from './figures.ts'

const meanings: Readonly<Record<keyof SelectionTexts, readonly [value: string, meaning: string]>> = {
  url: ['GLOB', 'URLs like GLOB, in which * stands for any characters, / among them.'],
  host: ['GLOB', 'Hosts like GLOB.'],
  digest: ['SHA256', 'Content with this digest.'],
  class: ['NAME', 'A class, such as immutable, or a rule, such as npm.tarball.'],
  older: ['AGE', 'Received or validated longer ago, as in 30d.'],
  newer: ['AGE', 'Received or validated since, as in 1h.'],
  larger: ['SIZE', 'Content larger than SIZE, as in 10MiB.'],
  smaller: ['SIZE', 'Content smaller than SIZE.'],
  pinned: ['', 'Pinned responses only.'],
}

/** Adds the options that select stored responses; what is given must hold together. */
export function withSelection(command: CommanderCommand): CommanderCommand {
  for (const name of selectionNames) {
    const [value, meaning] = meanings[name]
    command.addOption(new Option(value === '' ? `--${name}` : `--${name} <${value}>`, meaning))
  }
  return command.addOption(showQueries)
}

const showQueries = new Option('--show-queries', 'Show the values in queries, which may be secrets.')

/** The selection among `values`; `undefined`: none. */
export function selectionIn(values: Values): SelectionTexts | undefined {
  const given = selectionNames.filter((name) => values[name] !== undefined)
  if (given.length === 0) return undefined
  return Object.fromEntries(given.map((name) => [name, values[name] === true ? 'true' : String(values[name])]))
}

/** One line: size, age, class, marks, URL. */
export function foundLine({ url, sizeBytes, ageSeconds, class: reuseClass, status, ...found }: FoundResponse): string {
  const marks = [
    ...(status === 200 ? [] : [String(status)]),
    ...(found.part === undefined ? [] : [`part ${found.part}`]),
    ...(found.pinned ? ['pinned'] : []),
    ...(found.outdated ? ['outdated'] : []),
    ...(found.variesBy.length === 0 ? [] : [`varies by ${found.variesBy.join(', ')}`]),
  ]
  const columns = [roughSize(sizeBytes).padStart(10), roughAge(ageSeconds).padStart(7), reuseClass.padEnd(10)]
  return `${columns.join('  ')}  ${url}${marks.length === 0 ? '' : `  (${marks.join('; ')})`}`
}
