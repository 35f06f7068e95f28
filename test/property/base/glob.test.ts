import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileGlob, mostGlobLength } from '../../../src/base/glob.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '?', '.'), maxLength: 12 })
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '?', '.', '*'), maxLength: 10 })

/** The same by trying everything. */
function matches(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] !== '*') return pattern[0] === text[0] && matches(pattern.slice(1), text.slice(1))
  return Array.from({ length: text.length + 1 }, (_, at) => at).some((at) => matches(pattern.slice(1), text.slice(at)))
}

describe('Patterns', () => {
  test('match what trying every way finds', () => {
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        assert.equal(compileGlob(pattern)!(text), matches(pattern, text))
      }),
      { numRuns: 3000 },
    )
  })

  test('made of a text by leaving pieces out match the text', () => {
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), (pieces) => {
        const kept = pieces.map((piece, at) => (at % 2 === 0 ? piece : '*'))
        assert.equal(compileGlob(kept.join(''))!(pieces.join('')), true)
      }),
    )
  })

  test('take every character but the star for itself', () => {
    assert.equal(compileGlob('https://a.test/?x=.')!('https://a.test/?x=.'), true)
    assert.equal(compileGlob('https://a.test/?x=.')!('https://aXtest/?x=y'), false)
    assert.equal(compileGlob('a*b*b')!('ab'), false)
  })

  test('are no patterns when they are too long', () => {
    assert.equal(compileGlob('*'.repeat(mostGlobLength + 1)), undefined)
    assert.equal(compileGlob('*a'.repeat(mostGlobLength / 2))!('a'.repeat(10_000)), true)
  })
})
