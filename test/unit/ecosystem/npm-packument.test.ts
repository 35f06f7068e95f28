import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classRuleForRequest, classRuleOfStored, rfcRule } from '../../../src/ecosystem/classify.ts'
import { Fields } from '../../../src/http/fields.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'

const target = (text: string): TargetUri => parseTargetUri(text) as TargetUri
const npm = new Fields(['Accept', 'application/vnd.npm.install-v1+json; q=1.0, */*'])
const pacote = new Fields(['Accept', 'application/json', 'pacote-req-type', 'packument'])
const browser = new Fields(['Accept', 'application/json'])

test('a packument is recognised by what only npm clients say, on any host', () => {
  for (const url of ['https://packages.example.org/left-pad', 'https://packages.example.org/@scope%2fname']) {
    assert.equal(classRuleForRequest(target(url), npm).name, 'npm.packument')
    assert.equal(classRuleForRequest(target(url), pacote).name, 'npm.packument')
    assert.equal(classRuleForRequest(target(url), browser), rfcRule)
  }
})

test('what a path says comes before what a client says', () => {
  const tarball = target('https://packages.example.org/left-pad/-/left-pad-1.0.0.tgz')
  assert.equal(classRuleForRequest(tarball, npm).name, 'npm.tarball')
  const login = target('https://packages.example.org/x?access_token=1')
  assert.equal(classRuleForRequest(login, npm).class, 'pass')
})

test('a stored packument keeps its rule, and varies by what tells the two bodies apart', () => {
  const rule = classRuleOfStored(target('https://packages.example.org/left-pad'), 'npm.packument')
  assert.equal(rule.name, 'npm.packument')
  assert.deepEqual(rule.variesBy, ['accept', 'accept-encoding', 'pacote-req-type'])
  assert.equal(classRuleOfStored(target('https://packages.example.org/left-pad'), 'rfc'), rfcRule)
})
