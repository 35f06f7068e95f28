import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createAuthority, loadAuthority } from '../../../src/ca/certificate-authority.ts'
import { LeafContexts } from '../../../src/ca/leaf-contexts.ts'
import { loadSuccession, rotateAuthority } from '../../../src/ca/succession.ts'
import { certificatesIn } from '../../../src/ca/trust-export.ts'
import { builder, dayMs, makeAuthority, SetClock, TestFolder } from './authority-fixture.ts'

const start = Date.UTC(2026, 10, 21)
const rotate = (folder: string, clock: SetClock, fromAt: number, permittedHosts: readonly string[] = []) =>
  rotateAuthority({ folder, builder, clock, fromAt, permittedHosts })

describe('A CA that follows another', () => {
  test('issues from its moment on, and both are trusted before and after', () => {
    using folder = new TestFolder()
    const clock = new SetClock(start)
    const first = makeAuthority(folder.ca, { clock })
    const { issuing, successor } = rotate(folder.ca, clock, start + dayMs)
    assert.equal(issuing.certificate.fingerprint256, first.certificate.fingerprint256)
    const next = successor!.authority.certificate.fingerprint256
    const trusted = (): string[] =>
      certificatesIn(loadSuccession({ folder: folder.ca, clock }).trustedPem).map((one) => one.fingerprint256)
    assert.deepEqual(trusted(), [first.certificate.fingerprint256, next])
    clock.at = start + dayMs
    assert.equal(loadSuccession({ folder: folder.ca, clock }).issuing.certificate.fingerprint256, next)
    assert.deepEqual(trusted(), [next, first.certificate.fingerprint256])
    clock.at = first.notAfterAt
    assert.deepEqual(trusted(), [next])
  })

  test('takes over within a running daemon: leaves of the first one are not used after the moment', () => {
    using folder = new TestFolder()
    const clock = new SetClock(start)
    makeAuthority(folder.ca, { clock })
    const { issuing, successor } = rotate(folder.ca, clock, start + dayMs)
    const made: X509Certificate[] = []
    const spy: typeof builder = {
      build: (content, sign) => {
        const bytes = builder.build(content, sign)
        made.push(new X509Certificate(bytes))
        return bytes
      },
    }
    const leaves = new LeafContexts({ authority: issuing, successor, builder: spy, clock, observer: () => {} })
    const issuer = (): boolean => made.at(-1)!.checkIssued(successor!.authority.certificate)
    leaves.contextFor('example.test')
    assert.equal(issuer(), false)
    clock.at = start + dayMs - 1
    const before = leaves.contextFor('example.test')
    clock.at = start + dayMs
    assert.notEqual(leaves.contextFor('example.test'), before)
    assert.equal(issuer(), true)
  })

  test('waits alone: a third one is refused until it has taken over, and then the first key is gone', () => {
    using folder = new TestFolder()
    const clock = new SetClock(start)
    makeAuthority(folder.ca, { clock })
    rotate(folder.ca, clock, start + dayMs)
    assert.throws(() => rotate(folder.ca, clock, start + 2 * dayMs), {
      code: 'CONFIG_CONFLICT',
      message: /waits already/,
    })
    clock.at = start + dayMs
    rotate(folder.ca, clock, start + 3 * dayMs)
    assert.equal(existsSync(join(folder.ca, 'ca.key')), false)
    assert.equal(certificatesIn(loadSuccession({ folder: folder.ca, clock }).trustedPem).length, 3)
  })
})

describe('A CA with name constraints', () => {
  test('issues for its names and what lies below them, its addresses and blocks, and refuses all others', () => {
    using folder = new TestFolder()
    const clock = new SetClock(start)
    const permittedHosts = ['example.test', '10.0.0.0/9', '2001:db8::/33', '192.0.2.7']
    createAuthority({ folder: folder.ca, builder, clock, permittedHosts })
    const authority = loadAuthority({ folder: folder.ca, clock })
    const leaves = new LeafContexts({ authority, builder, clock, observer: () => {} })
    for (const name of ['example.test', 'a.b.example.test', '10.127.1.1', '192.0.2.7', '2001:db8:7fff::1']) {
      assert.equal(leaves.permits(name), true, name)
      assert.ok(leaves.contextFor(name))
    }
    for (const name of ['test', 'badexample.test', 'localhost', '10.128.0.1', '192.0.2.8', '2001:db8:8000::1']) {
      assert.equal(leaves.permits(name), false, name)
      assert.throws(() => leaves.contextFor(name), { code: 'CA_ISSUE_FAILED', message: /limited to other hosts/ })
    }
  })

  test('is refused for what is neither name nor address', () => {
    using folder = new TestFolder()
    for (const host of ['a/8', '10.0.0.0/33', '1.2.3.4/', 'a b']) {
      const permittedHosts = [host]
      assert.throws(() => createAuthority({ folder: folder.ca, builder, clock: new SetClock(start), permittedHosts }), {
        code: 'CONFIG_BAD_VALUE',
      })
    }
  })
})
