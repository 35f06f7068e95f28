import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import type { Command, CommandContext } from '../../../src/cli/command.ts'
import { CommandFailure } from '../../../src/cli/exit-codes.ts'
import { unwrapImage, wrapImage } from '../../../src/cli/image.ts'
import { type EngineName, engineNames } from '../../../src/cli/image-engine.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import { makeAuthority, TestFolder } from '../ca/authority-fixture.ts'
import { FakeEngine } from './fake-engine.ts'

class ListeningTerminal extends Terminal {
  said: string[] = []

  override print(text: string): void {
    this.said.push(text)
  }

  override note(text: string): void {
    this.said.push(`${text}\n`)
  }
}

const authorities = new TestFolder()
after(() => authorities[Symbol.dispose]())
const first = join(authorities.top, 'first/ca.pem')
const overlap = join(authorities.top, 'overlap.pem')
const firstPem = makeAuthority(join(authorities.top, 'first')).certificatePem
writeFileSync(overlap, firstPem + makeAuthority(join(authorities.top, 'next')).certificatePem)
const terminal = new ListeningTerminal()

interface Stage {
  readonly engine: FakeEngine
  /** Answers what was said; `fail`: the commands that fail. */
  wrap(fail?: string, ca?: string): Promise<string>
  unwrap(fail?: string): Promise<string>
}

function stage(context: TestContext, name: EngineName): Stage {
  const folder = new TestFolder()
  context.after(() => folder[Symbol.dispose]())
  const engine = new FakeEngine(folder.top, name)
  engine.add('base:1', 'original')
  const act = async <Rest extends unknown[]>(
    run: Command<[string, ...Rest]>,
    fail: string,
    ...rest: Rest
  ): Promise<string> => {
    terminal.said = []
    const environment = { PATH: `${engine.path}:/bin:/usr/bin`, HOME: folder.top, FAIL: fail }
    const given: CommandContext = { terminal, environment, flags: {}, json: false }
    await run(given, 'base:1', ...rest)
    return terminal.said.join('')
  }
  const choice = { engine: name, dryRun: false }
  const address = 'http://172.17.0.1:3128'
  return {
    engine,
    wrap: (fail = '', ca = first) => act(wrapImage, fail, { ...choice, address, ca }),
    unwrap: (fail = '') => act(unwrapImage, fail, choice),
  }
}

const wrapped = ['tag base:1 base:1-original', 'build --network=none -t base:1 FOLDER']

for (const name of engineNames) {
  describe(`Images of ${name}`, () => {
    test('are wrapped by a second name and a build, once; unwrapped they are what they were', async (context) => {
      const { engine, wrap, unwrap } = stage(context, name)
      const said = await wrap()
      assert.match(
        said,
        new RegExp(`^\\+ ${name} tag base:1 base:1-original\\n\\+ ${name} build .*\\nbase:1 is wrapped\\n$`),
      )
      assert.deepEqual(engine.takeChanges(), wrapped)
      assert.match(
        engine.dockerfile(),
        /^FROM base:1-original\nUSER 0\nCOPY larder .*\nRUN .*\nENV [\s\S]*\nUSER app\n$/,
      )
      assert.match(engine.dockerfile(), /^ {2}no_proxy="own\.test,/m)
      assert.equal(existsSync(engine.context()), false)
      const built = engine.names()['base:1']!
      assert.deepEqual(engine.names(), { 'base:1': built, 'base:1-original': 'original' })

      assert.equal(await wrap(), 'base:1 was wrapped already\n')
      assert.deepEqual(engine.takeChanges(), [])

      assert.match(await unwrap(), /^base:1 is as before\n$/m)
      assert.deepEqual(engine.takeChanges(), ['tag base:1-original base:1', 'rmi base:1-original', `rmi ${built}`])
      assert.deepEqual(engine.names(), { 'base:1': 'original' })
      assert.deepEqual(engine.images(), ['original'])
      assert.equal(await unwrap(), 'base:1 is not wrapped\n')
      assert.deepEqual(engine.takeChanges(), [])
    })

    test('are pulled when they are not there, and wrapped anew on the original when the CA is another', async (context) => {
      const { engine, wrap } = stage(context, name)
      engine.forget('base:1', 'original')
      await wrap()
      assert.deepEqual(engine.takeChanges(), ['pull base:1', ...wrapped])
      const before = engine.names()
      await wrap('', overlap)
      assert.deepEqual(engine.takeChanges(), wrapped.slice(1))
      assert.match(engine.dockerfile(), /^FROM base:1-original$/m)
      assert.notEqual(engine.names()['base:1'], before['base:1'])
      assert.equal(engine.names()['base:1-original'], before['base:1-original'])
    })

    for (const [step, done] of [
      ['tag', ['tag base:1 base:1-original']],
      ['build', [...wrapped, 'rmi base:1-original']],
    ] as const) {
      test(`are as before when ${step} fails in wrap, and can be wrapped after that`, async (context) => {
        const { engine, wrap } = stage(context, name)
        await assert.rejects(wrap(step), new CommandFailure(1, `${name} ${step} failed`, 'Its own words are above.'))
        assert.deepEqual(engine.takeChanges(), done)
        assert.deepEqual(engine.names(), { 'base:1': 'original' })
        assert.deepEqual(engine.images(), ['original'])
        if (step === 'build') assert.equal(existsSync(engine.context()), false)
        assert.match(await wrap(), /base:1 is wrapped\n$/)
      })
    }

    test('stay wrapped as they are when the build for another CA fails', async (context) => {
      const { engine, wrap } = stage(context, name)
      await wrap()
      const before = engine.names()
      await assert.rejects(wrap('build', overlap), CommandFailure)
      assert.deepEqual(engine.names(), before)
    })

    test('are unwrapped by the second try, whichever step the first one failed at', async (context) => {
      const { engine, wrap, unwrap } = stage(context, name)
      await wrap()
      const before = engine.names()
      await assert.rejects(unwrap('tag'), CommandFailure)
      assert.deepEqual(engine.names(), before)
      await assert.rejects(unwrap('rmi'), CommandFailure)
      assert.equal(engine.names()['base:1'], 'original')
      assert.match(await unwrap(), /^base:1 is as before\n$/m)
      assert.deepEqual(engine.names(), { 'base:1': 'original' })
    })

    test('get every CA of a rotation in a file of its own, and all of them in one', async (context) => {
      const { engine, wrap } = stage(context, name)
      await wrap('', overlap)
      assert.deepEqual(
        engine.files().filter((file) => /\.crt$|^ca\.pem$/.test(file)),
        ['ca.pem', 'larder-1.crt', 'larder-2.crt'],
      )
    })
  })
}
