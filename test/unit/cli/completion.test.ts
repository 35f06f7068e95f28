import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { command } from '../../support/command.ts'
import { homeOf, runProgram } from '../../support/program.ts'

let script = ''

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-completion-'))
  script = join(folder, 'larder.bash')
  const { out } = await runProgram(['completion', 'bash'], { HOME: folder, PATH: process.env.PATH! })
  writeFileSync(script, out)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
})

/** What bash offers for the last of `words`. */
async function offered(...words: string[]): Promise<string[]> {
  const line = `. "$0"; COMP_WORDS=(larder "$@"); COMP_CWORD=$#; _larder_complete; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = await command('bash', ['-c', line, script, ...words])
  assert.equal(stderr, '')
  return stdout.trim().split('\n')
}

describe('The completion of bash', () => {
  test('offers commands, and those within a command', async () => {
    assert.deepEqual(await offered('ser'), ['serve', 'service'])
    assert.deepEqual(await offered('service', ''), ['install', 'uninstall', '--help'])
  })

  test('offers the options of the command, from the schema of options', async () => {
    assert.deepEqual(await offered('serve', '--idle'), ['--idle-timeout', '--idle-exit'])
  })

  test('offers the values that an option can have', async () => {
    assert.deepEqual(await offered('env', '--shell', 'p'), ['powershell'])
  })

  test('leaves the command that larder run starts to others', async () => {
    assert.deepEqual(await offered('run', 'npm', ''), [''])
  })
})

test('The completions of zsh and fish name every command', async (context) => {
  const environment = homeOf(context)
  for (const shell of ['zsh', 'fish']) {
    const { out } = await runProgram(['completion', shell], environment)
    for (const name of ['serve', 'run', 'service', 'install', 'completion'])
      assert.match(out, new RegExp(`\\b${name}\\b`))
  }
  assert.equal((await runProgram(['completion', 'tcsh'], environment)).code, 2)
})
