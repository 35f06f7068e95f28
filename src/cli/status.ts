import type { OriginView } from '../app/origin-view.ts'
import { systemClock } from '../base/clock.ts'
import { optionRows } from '../config/options.ts'
import { addressText } from '../config/setting-texts.ts'
import type { HostPort } from '../config/settings.ts'
import type { ParentView } from '../upstream/parent-set.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { originText } from './origin-text.ts'

/** `larder status`: the posture of the running daemon, one line a fact. */
export const status: Command = async (context) => {
  const found = await new AdminClient(settingsOf(context).settings).status()
  if (context.json) context.terminal.printJson(found)
  else context.terminal.print(factLines(readable(found, systemClock.now())))
  return exitCodes.done
}

/** Origins in trouble and parents stand in sentences, one a line. */
function readable(facts: object, nowMs: number): object {
  return {
    ...facts,
    ...('originsInTrouble' in facts && {
      originsInTrouble: lines(facts.originsInTrouble as OriginView[], (origin) => originText(origin, nowMs)),
    }),
    ...('parents' in facts && { parents: lines(facts.parents as ParentView[], parentText) }),
  }
}

function lines<T>(all: readonly T[], textOf: (one: T) => string): string {
  return all.map(textOf).join('\n') || 'none'
}

function parentText({ parent, state, score, lastFailure }: ParentView): string {
  return `${parent}: ${state}, score ${score}${lastFailure === null ? '' : `, ${lastFailure}`}`
}

/** `name  value` for each fact, aligned; what has several lines goes on below its first. */
export function factLines(facts: object): string {
  const entries = Object.entries(facts)
  const width = Math.max(...entries.map(([name]) => name.length))
  const indent = `\n${' '.repeat(width + 2)}`
  return entries
    .map(([name, value]) => [name.padEnd(width), factText(value, emptyText(name)).replaceAll('\n', indent)])
    .map(([name, text]) => `${name}  ${text}\n`)
    .join('')
}

/** An empty list of hosts or addresses may mean all or none: its option says which. */
export function emptyText(name: string): string {
  if (name === 'permittedHosts') return 'all hosts'
  const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return optionRows.find((row) => row.name === option)?.whenEmpty ?? 'none'
}

function factText(value: unknown, whenEmpty = 'none'): string {
  if (Array.isArray(value)) return value.length === 0 ? whenEmpty : value.map((one) => factText(one)).join(', ')
  if (value === null || value === undefined) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value !== 'object') return String(value)
  if ('host' in value && 'port' in value) return addressText(value as HostPort)
  const entries = Object.entries(value)
  return entries.length === 0 ? 'none' : entries.map(([name, one]) => `${name} ${factText(one)}`).join(', ')
}
