import { type Command as CommanderCommand, Option } from 'commander'
import type { Flags } from '../config/given-options.ts'
import { configFlag, type OptionRow, optionRows, variableOf } from '../config/options.ts'
import type { CommandContext } from './command.ts'

/** Options as commander hands them over, by their camel-case names. */
export type Values = Readonly<Record<string, unknown>>

/** Makes an action for commander from a command, which takes its arguments from the operands and the options. */
export type Act = (
  command: (context: CommandContext, operands: readonly unknown[], values: Values) => number | Promise<number>,
) => (...given: unknown[]) => Promise<void>

export interface Declared {
  /** Name and operands, as in `fetch <url...>`. */
  readonly usage: string
  readonly meaning: string
  readonly example: string
  /** Names of the options of the configuration that stand on its line; `--config` is always among them. */
  readonly options: readonly string[]
  /** Prints data: takes --json. */
  readonly data?: true
}

/** Adds a command to `parent`. */
export function declare(
  parent: CommanderCommand,
  { usage, meaning, example, options, data }: Declared,
): CommanderCommand {
  const command = parent.command(usage).description(meaning)
  if (data) command.option('--json', 'Print JSON.')
  command.addOption(new Option(angled(configFlag.flag), configFlag.meaning).argParser(append))
  for (const row of optionRows) if (options.includes(row.name)) command.addOption(optionOf(row))
  return command.addHelpText('after', `\nExample:\n  ${example}`)
}

/** The options of the configuration among `values`. */
export function flagsIn(values: Values): Flags {
  const flags: Record<string, readonly string[]> = {}
  for (const name of [configFlag.name, ...optionRows.map((row) => row.name)]) {
    const texts = values[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]
    if (Array.isArray(texts)) flags[name] = texts
  }
  return flags
}

function optionOf(row: OptionRow): Option {
  const initial = row.initial.length === 0 ? (row.whenEmpty ?? 'none') : row.initial.join(', ')
  const meaning = `${row.meaning.replaceAll('`', '')} (${variableOf(row.name)}; initially ${initial})`
  const option = new Option(angled(row.flag), meaning).argParser(append)
  // commander takes what begins with "no-" for the opposite of another option.
  option.negate = false
  return row.kind === 'switch' ? option.preset('yes') : option
}

/** `--data DIR` → `--data <DIR>` */
function angled(flag: string): string {
  return flag.replace(/ (.*)$/, ' <$1>')
}

/** Every option may be repeated here: the schema says which of them may. */
function append(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text]
}
