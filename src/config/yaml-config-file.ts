import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from 'yaml'
import { Fault } from '../base/faults.ts'
import type { UserRule } from './user-rules.ts'
import { readUserRules } from './yaml-user-rules.ts'

/** One key of the file, with its values as text. */
export interface FileEntry {
  readonly name: string
  readonly texts: readonly string[]
  readonly line: number
}

export interface ConfigFile {
  readonly entries: readonly FileEntry[]
  readonly rules: readonly UserRule[]
}

/** The one name in the file that is no option. */
const rulesName = 'rules'

/**
 * The keys of a configuration file: a YAML mapping of names to scalars or lists of scalars, and `rules`. `path` is for messages.
 * Throws `CONFIG_BAD_VALUE` naming file and line for anything else.
 */
export function parseConfigFile(text: string, path: string): ConfigFile {
  const counter = new LineCounter()
  // The failsafe schema keeps every scalar as the text it was written as.
  const document = parseDocument(text, { lineCounter: counter, schema: 'failsafe', prettyErrors: false })
  const lineOf = (offset: number | undefined): number => counter.linePos(offset ?? 0).line
  const bad = (offset: number | undefined, reason: string): Fault =>
    new Fault('CONFIG_BAD_VALUE', `${path}:${lineOf(offset)}: ${reason}`)
  const [error] = document.errors
  if (error !== undefined) throw bad(error.pos[0], error.message)
  const { contents } = document
  if (contents === null || (isScalar(contents) && isNothing(contents))) return { entries: [], rules: [] }
  if (!isMap(contents)) throw bad(contents.range?.[0], 'expected lines of the form NAME: VALUE')
  const entries: FileEntry[] = []
  const rules: UserRule[] = []
  for (const { key, value } of contents.items) {
    if (!isScalar(key)) throw bad(contents.range?.[0], 'expected a name before the colon')
    const offset = key.range?.[0]
    if (key.value === rulesName) {
      const originAt = (at: number | undefined): string => `${path}:${lineOf(at)}`
      rules.push(...readUserRules(value as Node | null, { originAt, bad }))
      continue
    }
    const values = isSeq(value) ? value.items : [value]
    const texts = values.map((one) => {
      if (!isScalar(one)) throw bad(offset, `${key.value} is neither a value nor a list of values`)
      if (isNothing(one)) throw bad(offset, `${key.value} has no value`)
      return String(one.value)
    })
    entries.push({ name: String(key.value), texts, line: lineOf(offset) })
  }
  return { entries, rules }
}

function isNothing(scalar: Scalar): boolean {
  return scalar.type === 'PLAIN' && scalar.source === ''
}
