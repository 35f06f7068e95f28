import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../support/activated.ts'
import { command } from '../../support/command.ts'
import { startOrigin } from '../../support/origin.ts'
import { type SystemManager, startSystemManager } from '../../support/system-manager.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'
import { startVsftpd } from '../../support/vsftpd.ts'

const content = randomBytes(2_000_000)
const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The same content over http, https and ftp. */
async function startOrigins(context: TestContext) {
  const fields = { 'Cache-Control': 'max-age=600' }
  const plain = await startOrigin((_, response) => response.writeHead(200, fields).end(content))
  const secure = await startTlsOrigin((_, response) => response.writeHead(200, fields).end(content))
  const ftp = await startVsftpd()
  const file = join(ftp.root, 'file')
  writeFileSync(file, content)
  chmodSync(file, 0o644)
  // What was changed just now is not fresh for long.
  utimesSync(file, new Date('2026-01-02'), new Date('2026-01-02'))
  let stopping: Promise<unknown> | undefined
  const stop = (): Promise<unknown> => {
    stopping ??= Promise.all([plain.stop(), secure.stop(), ftp.stop()])
    return stopping
  }
  const caPem = readFileSync(secure.caFile, 'utf8')
  context.after(stop)
  return { urls: [`${plain.url}/a`, `${secure.url}/b`, `ftp://127.0.0.1:${ftp.port}/file`], secure, caPem, stop }
}

/** What an administrator does and sees. */
function administer(system: SystemManager) {
  const systemctl = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await system.run(['systemctl', ...words])
    assert.equal(code, 0, `systemctl ${words.join(' ')}: ${stderr}${await system.log()}`)
    return stdout.trim()
  }
  const property = (unit: string, name: string): Promise<string> => systemctl('show', '--value', '-p', name, unit)
  const until = async (unit: string, name: string, wanted: string): Promise<void> => {
    while ((await property(unit, name)) !== wanted) await pause(50)
  }
  const write = (path: string, text: string): void => {
    mkdirSync(join(system.root, dirname(path)), { recursive: true })
    writeFileSync(join(system.root, path), text)
  }
  const larder = async (...words: string[]): Promise<string> => {
    const variables = { LARDER_ADMIN: 'unix:/run/larder/admin.sock' }
    const { code, stdout, stderr } = await system.larder(words, variables)
    assert.equal(code, 0, `${stderr}${await system.log()}`)
    return stdout
  }
  return { systemctl, property, until, write, larder }
}

/** Who the daemon is and what it sees, as the kernel tells it. */
async function assertSandboxed(system: SystemManager, pid: string): Promise<void> {
  const status = (await system.run(['cat', `/proc/${pid}/status`])).stdout
  const uid = Number(/^Uid:\t(\d+)\t/m.exec(status)![1])
  assert.ok(uid >= 61184 && uid <= 65519, `not dynamic: ${uid}`)
  assert.match(status, /^CapEff:\t0+$/m)
  assert.match(status, /^CapBnd:\t0+$/m)
  assert.match(status, /^NoNewPrivs:\t1$/m)
  assert.match(status, /^Seccomp:\t2$/m)
  const mounts = (await system.run(['cat', `/proc/${pid}/mountinfo`])).stdout
  for (const place of ['/', '/usr', '/sys', '/proc/sys', '/dev']) {
    assert.match(mounts, new RegExp(`^\\S+ \\S+ \\S+ \\S+ ${place} ro,`, 'm'))
  }
  for (const place of ['/home', '/root']) assert.match(mounts, new RegExp(` /systemd/inaccessible/dir ${place} ro,`))
  for (const place of ['/var/cache/private/larder', '/var/lib/private/larder', '/tmp'])
    assert.match(mounts, new RegExp(` ${place} rw,`))
}

test('a real systemd as process 1: larder service install --system; the first request starts the daemon as a user of its own in its sandbox, where http, https and ftp are fetched and stored; it comes back after a crash, leaves when idle, and the next request starts it again', async (context) => {
  const origins = await startOrigins(context)
  const system = await startSystemManager(context)
  const { systemctl, property, until, write, larder } = administer(system)
  const port = await freePort()
  write('/etc/systemd/system/larder.socket.d/test.conf', `[Socket]\nListenStream=\nListenStream=127.0.0.1:${port}\n`)
  write('/etc/larder/origin-ca.pem', origins.caPem)
  const lines = [
    'allow-address: ["127.0.0.0/8", "::1"]',
    `connect-port: [${origins.secure.port}]`,
    'origin-ca: ["/etc/larder/origin-ca.pem"]',
  ]
  write('/etc/larder/larder.yaml', `${lines.join('\n')}\n`)
  const caFile = join(system.root, 'tmp/ca.pem')
  const curl = async (...words: string[]): Promise<Buffer> => {
    const { code, stdout, stderr } = await command('curl', ['-q', '-sSf', ...words])
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}${await system.log()}`)
    return Buffer.from(stdout, 'latin1')
  }
  const proxy = `http://127.0.0.1:${port}`
  const readCa = async (): Promise<void> => writeFileSync(caFile, await curl('--noproxy', '*', `${proxy}/ca.pem`))
  const fetchAll = async (): Promise<void> => {
    for (const url of origins.urls) {
      const body = await curl('-x', proxy, '--noproxy', '', '--cacert', caFile, url)
      assert.equal(sum(body), sum(content), url)
    }
  }

  await larder('service', 'install', '--system', '--ca')
  assert.equal(await property('larder.socket', 'ActiveState'), 'active')
  assert.equal(await property('larder.service', 'ActiveState'), 'inactive')
  await readCa()
  await fetchAll()
  const pid = await property('larder.service', 'MainPID')
  await assertSandboxed(system, pid)
  assert.equal(await property('larder.service', 'StatusText'), `listening on 127.0.0.1:${port}`)
  assert.deepEqual(JSON.parse(await larder('status', '--json')).listen, [{ host: '127.0.0.1', port }])
  await systemctl('reload', 'larder.service')
  // Who refuses the CA is told of the files that root's commands write: the daemon has no home.
  const refused = await command('curl', ['-q', '-sS', '-x', proxy, '--noproxy', '', origins.urls[1]!])
  assert.notEqual(refused.code, 0)
  while (!/Fix: curl: .*=\/var\/lib\/larder-clients\/bundle\.pem/.test(await system.log())) await pause(50)

  await systemctl('kill', '--signal=KILL', 'larder.service')
  await readCa()
  assert.notEqual(await property('larder.service', 'MainPID'), pid)
  await systemctl('stop', 'larder.service')

  const unit = readFileSync(join(system.root, 'etc/systemd/system/larder.service'), 'utf8')
  const start = /^ExecStart=(.*) --idle-exit 15m(.*)$/m.exec(unit)!
  write(
    '/etc/systemd/system/larder.service.d/test.conf',
    `[Service]\nExecStart=\nExecStart=${start[1]} --idle-exit 1s${start[2]}\n`,
  )
  await systemctl('daemon-reload')
  await origins.stop()
  await fetchAll()
  await until('larder.service', 'ActiveState', 'inactive')
  assert.equal(await property('larder.service', 'Result'), 'success')
  assert.equal(await property('larder.socket', 'ActiveState'), 'active')

  await larder('service', 'uninstall', '--system')
  assert.equal(await property('larder.socket', 'LoadState'), 'not-found')
  assert.ok(!existsSync(join(system.root, 'etc/systemd/system/larder.service')))
  assert.ok(existsSync(join(system.root, 'var/lib/private/larder/ca/ca.pem')))
})
