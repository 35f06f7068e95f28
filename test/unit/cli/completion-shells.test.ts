import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { command } from '../../support/command.ts'
import { homeOf, runProgram } from '../../support/program.ts'

/** Types $2 and Tab into a zsh whose first line is $1, and prints what is offered, in angle brackets. */
const zshScript = `zmodload zsh/zpty
zpty shell 'TERM=dumb PS1= zsh -f -i'
zpty -w shell "stty columns 1000; $1"
zpty -w shell 'compadd () { local -a hits; builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- "<"\${^hits}">"; builtin compadd "$@" }; comppostfuncs=(finish); finish () { print "EN""D" }'
zpty -w -n shell "$2"$'\\t'
while zpty -r shell line; do print -r -- "$line"; [[ $line == *END* ]] && break; done
zpty -d shell
`

interface Shell {
  readonly home: string
  readonly environment: Record<string, string>
}

async function withScript(context: TestContext, shell: string, file: string): Promise<Shell> {
  const environment = homeOf(context)
  const home = environment.HOME!
  const { code, out, err } = await runProgram(['completion', shell], environment)
  assert.equal(code, 0, err)
  writeFileSync(join(home, file), out)
  return { home, environment }
}

const cases: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ['larder service ', ['--help', 'install', 'uninstall']],
  ['larder ser', ['serve', 'service']],
  ['larder env --shell p', ['powershell']],
  ['larder serve --idle', ['--idle-exit', '--idle-timeout']],
]

describe('The completion of zsh', () => {
  for (const [how, start] of [
    [
      'as a file in fpath, at the first Tab',
      (home: string) => `fpath=(${home} $fpath); autoload -Uz compinit; compinit -u -D`,
    ],
    ['read by .zshrc', (home: string) => `autoload -Uz compinit; compinit -u -D; source ${home}/_larder`],
  ] as const) {
    test(`offers commands, options and values, ${how}`, async (context) => {
      const { home, environment } = await withScript(context, 'zsh', '_larder')
      for (const [line, offers] of cases) {
        const { stdout } = await command('zsh', ['-f', '-c', zshScript, 'zsh', start(home), line], { env: environment })
        const found = [...stdout.matchAll(/<([\w-]+)>\s*$/gm)].map((match) => match[1]!)
        assert.deepEqual([...new Set(found)].sort(), offers, stdout)
      }
    })
  }
})

describe('The completion of fish', () => {
  test('offers commands, options and values, and leaves the command that larder run starts to others', async (context) => {
    const { home, environment } = await withScript(context, 'fish', 'larder.fish')
    const offered = async (line: string): Promise<string[]> => {
      const script = `source ${home}/larder.fish; complete -C '${line}'`
      const { stdout, stderr } = await command('fish', ['--no-config', '-c', script], { env: environment })
      assert.equal(stderr, '')
      return stdout
        .split('\n')
        .flatMap((row) => (row === '' ? [] : [row.split('\t')[0]!]))
        .sort()
    }
    for (const [line, offers] of cases) {
      // fish offers options only once a dash is typed.
      assert.deepEqual(
        await offered(line),
        offers.filter((name) => line.includes('--') || !name.startsWith('--')),
      )
    }
    assert.deepEqual(await offered('larder run --verify'), ['--verify-every', '--verify-rate'])
    assert.deepEqual(await offered('larder run npm --verify'), [])
    assert.deepEqual(await offered('larder run -- npm --verify'), [])
  })
})
