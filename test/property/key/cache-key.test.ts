import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { classRuleFor, rfcRule } from '../../../src/ecosystem/classify.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'
import { cacheKey } from '../../../src/key/cache-key.ts'

const host = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(?:\.[a-z][a-z0-9]{0,5}){0,2}$/)
const path = fc.stringMatching(/^\/(?:[A-Za-z0-9~+;:@/.-]|%2[bBfF]|%7[eE]|%41){0,20}(?:\?[a-z=&]{0,6})?$/)
const scheme = fc.constantFrom('http', 'https', 'ftp')
const ports = { http: 80, https: 443, ftp: 21 } as const

function key(text: string, recognised = true): string {
  const target = parseTargetUri(text)
  assert.ok('href' in target, text)
  return cacheKey(target, recognised ? classRuleFor(target) : rfcRule)
}

/** `text` with the case of the letters that `flags` choose turned. */
function recased(text: string, flags: readonly boolean[]): string {
  return [...text].map((letter, i) => (flags[i % flags.length] ? letter.toUpperCase() : letter)).join('')
}

describe('Cache key (CORRECTNESS T10)', () => {
  test('two spellings of one target give one key', () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(scheme, host, path, flags, fc.boolean(), fc.boolean(), (name, server, rest, turned, dot, port) => {
        const authority = `${recased(server, turned)}${dot ? '.' : ''}${port ? `:${ports[name as keyof typeof ports]}` : ''}`
        assert.equal(key(`${recased(name, turned)}://${authority}${rest}`), key(`${name}://${server}${rest}`))
      }),
    )
  })

  test('different paths never give one key where no rule speaks', () => {
    fc.assert(
      fc.property(scheme, host, path, path, (name, server, one, other) => {
        fc.pre(one !== other)
        assert.notEqual(key(`${name}://${server}${one}`, false), key(`${name}://${server}${other}`, false))
      }),
    )
  })

  test('different paths of a rule give one key only when they decode to the same', () => {
    fc.assert(
      fc.property(host, path, path, (server, one, other) => {
        const text = (rest: string): string => `http://${server}/pool${rest.split('?')[0]}_1_all.deb`
        fc.pre(decodeURIComponent(one.split('?')[0]!) !== decodeURIComponent(other.split('?')[0]!))
        assert.notEqual(key(text(one)), key(text(other)))
      }),
    )
  })

  test('different servers never give one key', () => {
    fc.assert(
      fc.property(scheme, scheme, host, host, fc.integer({ min: 1, max: 65535 }), (a, b, one, other, port) => {
        fc.pre(a !== b || one !== other)
        assert.notEqual(key(`${a}://${one}:${port}/`), key(`${b}://${other}:${port}/`))
      }),
    )
  })

  test('partitions never meet', () => {
    const partition = fc.option(fc.string({ unit: 'grapheme-ascii' }), { nil: undefined })
    fc.assert(
      fc.property(partition, partition, path, path, (a, b, one, other) => {
        fc.pre(a !== b)
        const first = parseTargetUri(`http://h${one}`)
        const second = parseTargetUri(`http://h${other}`)
        assert.ok('href' in first && 'href' in second)
        assert.notEqual(cacheKey(first, rfcRule, a), cacheKey(second, rfcRule, b))
      }),
    )
  })
})
