import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandEnd, command } from './command.ts'

/** An apt that keeps its lists and files in `folder`, works there, and knows of no proxy but by `options` of apt-get. */
export function aptIn(folder: string, options: readonly string[]): (...words: string[]) => Promise<CommandEnd> {
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true })
  const own = [
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ]
  const given = [...own.flatMap((option) => ['-o', option]), ...options]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)))
  return (...words) => command('apt-get', [...given, ...words], { cwd: folder, env })
}
