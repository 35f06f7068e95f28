import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generatedPages } from '../../scripts/pages/generated-pages.ts'
import { transitions } from '../../src/pipeline/transitions.ts'
import { readText } from './source-text.ts'

describe('The generated pages', () => {
  for (const { path, render } of generatedPages) {
    test(`${path} says what the code says (scripts/docs rewrites it)`, () => {
      const written = readText(path)
      assert.equal(written, render(written))
    })
  }
})

describe('The state machine', () => {
  const next = transitions as Readonly<Record<string, readonly string[]>>

  test('has no cycle: every exchange ends', () => {
    const walk = (step: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(step), [...trail, step].join(' → '))
      for (const one of next[step]!) walk(one, [...trail, step])
    }
    walk('receive', [])
  })

  test('reaches every step from receive', () => {
    const reached = new Set(['receive'])
    for (const step of reached) for (const one of next[step]!) reached.add(one)
    assert.deepEqual([...reached].sort(), Object.keys(next).sort())
  })

  test('ends every exchange in finish, and nowhere else', () => {
    assert.deepEqual(
      Object.keys(next).filter((step) => next[step]!.length === 0),
      ['finish'],
    )
  })

  test('has one file for each step', () => {
    for (const step of Object.keys(next)) assert.match(readText(`src/pipeline/${step}.ts`), new RegExp(`\\b${step}\\b`))
  })

  test('has a section for each step in docs/life-of-a-request.md, in the order of the table', () => {
    const page = readText('docs/life-of-a-request.md')
    const headings = [...page.matchAll(/^## (\S+)$/gm)].map((found) => found[1]!)
    assert.deepEqual(
      headings.filter((heading) => heading in next),
      Object.keys(next),
    )
  })
})
