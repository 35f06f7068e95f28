import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { dockerArguments, shellLines } from '../../../src/cli/shell-lines.ts'

/** What Larder's own terminal prints unchanged, quotation marks and shell signs much more often than by chance. */
const values = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom(
        "'",
        '"',
        '\\\\',
        '\\',
        '$',
        '$HOME',
        '`id`',
        '$(id)',
        '!',
        '*',
        '~',
        '\n',
        ' ',
        ';',
        '%',
        '’',
        '#',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join('').replace(/[^\P{C}\n\t]/gu, ''))

/** The values of V0, V1, … after a real shell evaluated `lines`. */
function evaluated(shell: 'sh' | 'fish', lines: string, count: number): string[] {
  const home = mkdtempSync(join(tmpdir(), 'larder-shell-'))
  try {
    const script = `${lines}env -0\n`
    const out = execFileSync(shell, ['-c', script], { env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' } })
    const all = new Map(
      out
        .toString('utf8')
        .split('\0')
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    )
    return Array.from({ length: count }, (_, index) => all.get(`V${index}`)!)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

describe('Lines for a shell', () => {
  for (const shell of ['sh', 'fish'] as const) {
    test(`set exactly the given values in a real ${shell}`, () => {
      fc.assert(
        fc.property(fc.array(values, { minLength: 30, maxLength: 60 }), (wanted) => {
          const variables = Object.fromEntries(wanted.map((value, index) => [`V${index}`, value]))
          assert.deepEqual(evaluated(shell, shellLines(shell, variables), wanted.length), wanted)
        }),
        { numRuns: 8 },
      )
    })
  }

  test('for docker build are words of sh that keep any value', () => {
    fc.assert(
      fc.property(values, (value) => {
        const lines = dockerArguments({ http_proxy: value }, [`id=ca,src=/a b/${value}`])
        const out = execFileSync('sh', ['-c', `printf '%s\\0' ${lines}`])
          .toString('utf8')
          .split('\0')
        assert.ok(out.includes(`http_proxy=${value}`))
        assert.ok(out.includes(`id=ca,src=/a b/${value}`))
      }),
      { numRuns: 30 },
    )
  })

  test('double what PowerShell takes for a quotation mark', () => {
    assert.equal(shellLines('powershell', { A: "it's ’so‘" }), "$env:A = 'it''s ’’so‘‘'\n")
  })

  test('escape for Dockerfile what it would replace', () => {
    assert.equal(shellLines('dockerfile', { A: 'a "b" $C \\d' }), 'ENV A="a \\"b\\" \\$C \\\\d"\n')
  })
})
