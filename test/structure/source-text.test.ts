import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { functionSizes, mask } from './source-text.ts'

describe('The scanner of the structure tests', () => {
  test('blanks comments and keeps lines and columns', () => {
    assert.equal(mask("a // b\n/* c\nd */ e 'f // g'", 'comments'), "a     \n    \n     e 'f // g'")
  })

  test('blanks the insides of strings, templates and regular expressions', () => {
    const text = ['x = `a $', '{b} c` + "d\\"e"'].join('')
    assert.equal(mask(text, 'comments and literals'), 'x = `   {b}  ` + "    "')
    assert.equal(mask('y = /[/]z/.test(q) / 2', 'comments and literals'), 'y = /    /.test(q) / 2')
  })

  test('measures functions, methods and arrow functions, not control blocks or classes', () => {
    const text = [
      'export class A {',
      '  take(b: string): { c: number } {',
      '    if (b) {',
      '      return { c: 1 }',
      '    }',
      '    return { c: 2 }',
      '  }',
      '}',
      'export const d = (e: () => void): void => {',
      '  e()',
      '}',
      'export function f<G>(g: G): G {',
      '  return g',
      '}',
    ].join('\n')
    assert.deepEqual(functionSizes(text), [
      { name: 'take', line: 2, lines: 6 },
      { name: 'd', line: 9, lines: 3 },
      { name: 'f', line: 12, lines: 3 },
    ])
  })
})
