import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readText, sourceFiles } from './source-text.ts'

const installed = [...readText('scripts/test').matchAll(/^([\w-]+):[\w-]+$/gm)].map((found) => found[1]!)
const others = sourceFiles('test').filter((path) => path !== 'test/structure/programs.test.ts')

describe('The programs that the tests run', () => {
  test('are all installed by scripts/test for a reason: a test names each of them', () => {
    const tests = others.map(readText).join('\n')
    assert.ok(installed.length > 0)
    assert.deepEqual(
      installed.filter((program) => !new RegExp(`['"\`/ ]${program}['"\`/ ]`).test(tests)),
      [],
    )
  })

  test('are all installed by scripts/test when a test starts them by name', () => {
    const always = new Set(['npm', 'npx', 'node', 'sh', 'du', 'cp'])
    const started = others.flatMap((path) =>
      [...readText(path).matchAll(/\b(?:spawn|spawnSync|execFile|execFileSync|command|run)\(\s*'([\w.-]+)'/g)].map(
        (found) => found[1]!,
      ),
    )
    assert.deepEqual(
      [...new Set(started)].filter((name) => !always.has(name) && !installed.includes(name)),
      [],
    )
  })
})
