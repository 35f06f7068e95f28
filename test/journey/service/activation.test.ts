import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { startActivated } from '../../support/activated.ts'
import { askAtLeaving } from '../../support/ask-at-leaving.ts'
import { command } from '../../support/command.ts'
import { startOrigin } from '../../support/origin.ts'
import { runProgram } from '../../support/program.ts'

const body = 'these are the bytes of the origin\n'

async function getThrough(port: number, url: string): Promise<void> {
  const proxy = ['-x', `http://127.0.0.1:${port}`, '--noproxy', '']
  const { code, stdout, stderr } = await command('curl', ['-sS', ...proxy, `${url}/a`])
  assert.deepEqual([code, stdout], [0, body], stderr)
}

describe('Socket activation', () => {
  test('starts the daemon on the first request; when idle it leaves, and the next request starts it again without an error', async (context) => {
    const origin = await startOrigin((_, response) =>
      response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end(body),
    )
    context.after(() => origin.stop())
    const { port, line, ends, endedAfter } = await startActivated(context, ['--idle-exit', '300ms'])
    for (let round = 0; round < 3; round++) {
      await getThrough(port, origin.url)
      assert.match(await line(/^larder: listening on /), new RegExp(`127\\.0\\.0\\.1:${port} `))
      await line(/^larder: nothing was asked for a while/)
      await endedAfter(round)
    }
    assert.deepEqual(ends(), ['0', '0', '0'])
    // What the first daemon stored the others found.
    assert.equal(origin.requests.length, 1)
  })

  test('loses no request that comes at the moment of leaving', async (context) => {
    const { askedCount, failures } = await askAtLeaving(context, 4)
    assert.deepEqual(failures, [])
    assert.equal(askedCount, 4)
  })

  test('takes exactly the sockets that were passed, and is started by the admin socket as well', async (context) => {
    const { port, adminSocket, environment, line, pid } = await startActivated(context, ['--listen', '127.0.0.1:0'])
    const { code, out, err } = await runProgram(['status', '--json'], environment)
    assert.equal(code, 0, err)
    assert.deepEqual(JSON.parse(out).listen, [{ host: '127.0.0.1', port }])
    await line(/^larder: listen \(flag\) is not used: the sockets were passed$/)
    await line(new RegExp(`^larder: admin at unix:${adminSocket}$`))
    const { stdout } = await command('ss', ['-Hlnptx'])
    const listening = stdout.split('\n').filter((row) => row.includes(`pid=${pid()},`))
    assert.equal(listening.length, 2, stdout)
    process.kill(pid(), 'SIGTERM')
    const again = await runProgram(['status', '--json'], environment)
    assert.equal(again.code, 0, again.err)
    assert.ok(existsSync(adminSocket))
  })
})
