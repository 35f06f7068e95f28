import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import { mask, projectFiles, readText, sourceFiles } from './source-text.ts'

const sources = sourceFiles('src')
const tests = sourceFiles('test', 'scripts')

interface Convention {
  readonly title: string
  readonly pattern: RegExp
  /** Files that may. */
  readonly but?: RegExp
  readonly where?: readonly string[]
  /** Look at comments and literals as well. */
  readonly raw?: true
}

const conventions: readonly Convention[] = [
  {
    title: 'the wall clock is read in base/clock.ts alone',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bhrtime\b/,
    but: /^src\/base\/clock\.ts$/,
  },
  { title: 'Math.random is used nowhere', pattern: /\bMath\.random\b/, where: [...sources, ...tests] },
  {
    title: 'the environment is read in config/environment.ts alone',
    pattern: /\bprocess\.env\b|\{[^}]*\benv\b[^}]*\}\s*from\s*'/,
    but: /^src\/config\/environment\.ts$/,
  },
  { title: 'nothing writes to the console', pattern: /\bconsole\s*\./, where: [...sources, ...tests] },
  {
    title: 'the standard streams belong to the command line',
    pattern: /\bprocess\.(?:stdout|stderr|stdin)\b/,
    but: /^src\/(?:cli|app)\/|^src\/main\.ts$/,
  },
  { title: 'no type is any', pattern: /\bas any\b|:\s*any\b|<any\b|\bany\[\]/, where: [...sources, ...tests] },
  {
    title: 'no check of the compiler is silenced',
    pattern: /@ts-(?:ignore|nocheck)/,
    where: [...sources, ...tests],
    raw: true,
  },
  { title: 'every export has a name', pattern: /^export default\b/m, where: [...sources, ...tests] },
  {
    title: 'no module keeps mutable state',
    pattern:
      /^(?:export\s+)?(?:let|var)\b|^(?:export\s+)?const \w+(?::[^=\n]*)? = (?:new (?:Map|Set|WeakMap|WeakSet)(?:<[^\n]*>)?\(\s*\)|\[\s*\]|\{\s*\})\s*$/m,
  },
  { title: 'nothing is re-exported wholesale but by index.ts', pattern: /^export \*/m, but: /^src\/index\.ts$/ },
  {
    title: 'nothing is left to do in a comment',
    pattern: /\b(?:TODO|FIXME|XXX)\b/,
    where: [...sources, ...tests],
    but: /^test\/structure\//,
    raw: true,
  },
  {
    title: 'no test is skipped, postponed or alone',
    pattern:
      /\b(?:test|it|describe|suite)\.(?:skip|todo|only)\b|\b(?:context|t)\.(?:skip|todo)\(|\b(?:skip|todo|only):\s*(?:true|['"`])/,
    where: tests,
  },
  {
    title: 'a prototype of Node is patched nowhere',
    pattern: /\b[A-Z]\w*\.prototype\.\w+\s*=[^=]/,
    where: [...sources, ...tests],
  },
]

/** `file:line` of every line of `path` that matches. */
function offences(path: string, { pattern, raw }: Convention): string[] {
  const text = raw ? readText(path) : mask(readText(path), 'comments and literals')
  const found = text.matchAll(new RegExp(pattern, pattern.flags.includes('m') ? 'gm' : 'g'))
  return [...found].map(({ index, 0: match }) => `${path}:${text.slice(0, index).split('\n').length}: ${match.trim()}`)
}

describe('House rules', () => {
  for (const convention of conventions) {
    test(convention.title, () => {
      const files = (convention.where ?? sources).filter((path) => !convention.but?.test(path))
      assert.deepEqual(
        files.flatMap((path) => offences(path, convention)),
        [],
      )
    })
  }

  test('no file or folder has a name that says nothing', () => {
    const empty = /^(?:utils?|helpers?|common|misc|manager|types|shared|lib)$/
    const wrong = projectFiles('src', 'test', 'scripts').filter((path) =>
      path.split('/').some((part) => empty.test(part.replace(/\..*$/, ''))),
    )
    assert.deepEqual(wrong, [])
  })

  test('file names are lower-case words with hyphens', () => {
    const wrong = sourceFiles('src', 'test', 'scripts').filter(
      (path) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(basename(path)),
    )
    assert.deepEqual(wrong, [])
  })

  test('every test file lies in test/KIND/ and ends in .test.ts where a runner looks for it', () => {
    const kinds = /^test\/(?:unit|contract|property|structure|journey|long)\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.test\.ts$/
    assert.deepEqual(
      projectFiles('test').filter((path) => path.endsWith('.test.ts') && !kinds.test(path)),
      [],
    )
  })
})
