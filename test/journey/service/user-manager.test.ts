import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../support/activated.ts'
import { command } from '../../support/command.ts'
import { startOrigin } from '../../support/origin.ts'
import { runProgram } from '../../support/program.ts'
import { startUserManager } from '../../support/user-manager.ts'

const body = 'these are the bytes of the origin\n'

test('a real systemd for a user: larder service install, the first request starts the daemon, it leaves when idle, the next request starts it again; stop and uninstall', async (context) => {
  const origin = await startOrigin((_, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end(body),
  )
  context.after(() => origin.stop())
  const environment = await startUserManager(context)
  const units = join(environment.HOME!, '.config/systemd/user')
  const systemctl = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command('systemctl', ['--user', ...words], { env: environment })
    assert.equal(code, 0, `systemctl ${words.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const property = (unit: string, name: string): Promise<string> => systemctl('show', '--value', '-p', name, unit)
  const until = async (unit: string, name: string, wanted: string): Promise<void> => {
    while ((await property(unit, name)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const dropIn = (unit: string, lines: string): void => {
    mkdirSync(join(units, `${unit}.d`), { recursive: true })
    writeFileSync(join(units, `${unit}.d/test.conf`), lines)
  }
  const port = await freePort()
  dropIn('larder.socket', `[Socket]\nListenStream=\nListenStream=127.0.0.1:${port}\n`)
  const get = async (): Promise<void> => {
    const words = ['-sS', '-x', `http://127.0.0.1:${port}`, '--noproxy', '', `${origin.url}/a`]
    const { code, stdout, stderr } = await command('curl', words, { env: environment })
    assert.deepEqual([code, stdout], [0, body], stderr)
  }

  const installed = await runProgram(['service', 'install', '--user', '--ca'], environment)
  assert.equal(installed.code, 0, installed.err)
  assert.equal(await property('larder.socket', 'ActiveState'), 'active')
  assert.equal(await property('larder.service', 'ActiveState'), 'inactive')

  const start = /^ExecStart=(.*) --idle-exit 15m$/m.exec(readFileSync(join(units, 'larder.service'), 'utf8'))![1]!
  const words = `${start} --idle-exit 1s --allow-address 127.0.0.0/8`
  dropIn('larder.service', `[Service]\nExecStart=\nExecStart=${words}\nWatchdogSec=30s\n`)
  await systemctl('daemon-reload')
  for (const round of [1, 2]) {
    await get()
    const state = await property('larder.service', 'ActiveState')
    assert.ok(['active', 'deactivating', 'inactive'].includes(state), `${round}: ${state}`)
    await until('larder.service', 'ActiveState', 'inactive')
    assert.equal(await property('larder.service', 'Result'), 'success')
    assert.equal(await property('larder.socket', 'ActiveState'), 'active')
  }
  // What the first daemon stored the second one found; it made a CA, too.
  assert.equal(origin.requests.length, 1)
  assert.ok(existsSync(join(environment.HOME!, '.local/share/larder/ca/ca.pem')))

  // The commands find the daemon through the admin socket, which starts it as well.
  const status = await runProgram(['status', '--json'], environment)
  assert.equal(status.code, 0, status.err)
  assert.deepEqual(JSON.parse(status.out).listen, [{ host: '127.0.0.1', port }])

  await systemctl('stop', 'larder.socket', 'larder-admin.socket', 'larder.service')
  const refused = await command('curl', ['-sS', `http://127.0.0.1:${port}/`], { env: environment })
  assert.equal(refused.code, 7, refused.stderr)

  const end = await runProgram(['service', 'uninstall', '--user'], environment)
  assert.equal(end.code, 0, end.err)
  assert.deepEqual(readdirSync(units).sort(), ['larder.service.d', 'larder.socket.d'])
  assert.equal(await property('larder.socket', 'UnitFileState'), '')
})
