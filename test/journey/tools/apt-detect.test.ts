import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { aptIn } from '../../support/apt-root.ts'
import { command } from '../../support/command.ts'
import { startLarder } from '../../support/larder.ts'
import { homeOf, startProgram } from '../../support/program.ts'

interface Detecting {
  readonly script: string
  readonly configFile: string
}

/** Does what the help page tells root to do, in `folder`. */
async function followHelp(port: number, folder: string): Promise<Detecting> {
  const url = `http://127.0.0.1:${port}`
  const script = join(folder, 'apt-proxy-detect')
  writeFileSync(script, await (await fetch(`${url}/apt-proxy-detect`)).text())
  chmodSync(script, 0o755)
  const help = await (await fetch(`${url}/`)).text()
  const line = /^ *echo '(.*)' >\/etc\/apt\/apt\.conf\.d\/30larder$/m.exec(help)![1]!
  const configFile = join(folder, '30larder')
  writeFileSync(configFile, line.replace('/usr/local/bin/apt-proxy-detect', script))
  return { script, configFile }
}

/**
 * Two packages in the simplest of archives, at an address of its own: apt gives up an address that refused it. A way is
 * `proxy /one.deb` or `direct /one.deb`.
 */
async function startArchive(
  context: TestContext,
  folder: string,
  answer: (way: string, response: ServerResponse, file: Buffer) => void,
): Promise<{ options: readonly string[] }> {
  const files = new Map<string, Buffer>()
  let index = ''
  for (const name of ['one', 'two']) {
    const root = join(folder, name)
    mkdirSync(join(root, 'DEBIAN'), { recursive: true })
    const fields = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: M <m@example.org>\nDescription: d\n`
    writeFileSync(join(root, 'DEBIAN/control'), fields)
    writeFileSync(join(root, 'content'), randomBytes(300_000))
    const built = await command('dpkg-deb', ['--build', root, `${root}.deb`])
    assert.equal(built.code, 0, built.stderr)
    const bytes = readFileSync(`${root}.deb`)
    files.set(`/${name}.deb`, bytes)
    const sum = createHash('sha256').update(bytes).digest('hex')
    index += `${fields}Filename: ${name}.deb\nSize: ${bytes.length}\nSHA256: ${sum}\n\n`
  }
  files.set('/Packages', Buffer.from(index))
  const server = createServer((request, response) => {
    const path = request.url!.replace('/./', '/')
    const file = files.get(path)
    if (file === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'Content-Length': file.length })
    answer(`${request.headers.via === undefined ? 'direct' : 'proxy'} ${path}`, response, file)
  }).listen(0, '127.0.0.2')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  writeFileSync(join(folder, 'sources.list'), `deb [trusted=yes] http://127.0.0.2:${port}/ ./\n`)
  writeFileSync(join(folder, 'status'), '')
  return {
    options: [
      '-o',
      `Dir::Etc::sourcelist=${folder}/sources.list`,
      '-o',
      'Dir::Etc::sourceparts=/dev/null',
      '-o',
      `Dir::State::status=${folder}/status`,
      '-o',
      'Acquire::Retries=3',
    ],
  }
}

/** A daemon that can be killed. */
async function startDaemon(context: TestContext): Promise<{ port: number; kill(): void }> {
  const environment = { ...homeOf(context), LARDER_ALLOW_ADDRESS: '127.0.0.0/8' }
  const child = startProgram(['serve', '--listen', '127.0.0.1:0', '--access-log', 'none'], environment)
  const exited = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  for await (const line of createInterface({ input: child.stderr! })) {
    const port = /^larder: listening on 127\.0\.0\.1:(\d+) /.exec(line)?.[1]
    if (port !== undefined) return { port: Number(port), kill: () => void child.kill('SIGKILL') }
  }
  throw new Error('the daemon did not start')
}

describe('apt with the script of the help page', () => {
  test('asks through the proxy, and directly when the proxy is gone between two commands', async (context) => {
    const larder = await startLarder()
    let running = true
    context.after(async () => {
      if (running) await larder.stop()
    })
    const folder = homeOf(context).HOME!
    const ways: string[] = []
    const archive = await startArchive(context, folder, (way, response, file) => {
      ways.push(way)
      response.end(file)
    })
    const { script, configFile } = await followHelp(larder.port, folder)
    assert.deepEqual((await command(script, ['http://example.org/'])).stdout, '')
    const apt = aptIn(folder, ['-c', configFile, ...archive.options])
    for (const words of [['update'], ['download', 'one']]) {
      const end = await apt(...words)
      assert.equal(end.code, 0, end.stderr)
    }
    // Reported when it is stored, which may be after apt has ended.
    await larder.exchanges('.deb', 1)

    await larder.stop()
    running = false
    const direct = await command(script, ['http://example.org/'])
    assert.deepEqual([direct.code, direct.stdout], [0, 'DIRECT\n'])
    const end = await apt('download', 'two')
    assert.equal(end.code, 0, end.stderr)
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('_all.deb'))
        .sort(),
      ['one_1_all.deb', 'two_1_all.deb'],
    )
    assert.deepEqual(
      ways.filter((way) => way.endsWith('.deb')),
      ['proxy /one.deb', 'direct /two.deb'],
    )
  })

  test('goes on directly, in the same command, when the proxy is killed in the middle of a download', async (context) => {
    const folder = homeOf(context).HOME!
    const daemon = await startDaemon(context)
    const ways: string[] = []
    const archive = await startArchive(context, folder, (way, response, file) => {
      const isFirst = way === 'proxy /one.deb' && !ways.includes(way)
      ways.push(way)
      if (!isFirst) return void response.end(file)
      response.on('error', () => {})
      response.write(file.subarray(0, file.length / 2), daemon.kill)
    })
    const { configFile } = await followHelp(daemon.port, folder)
    const apt = aptIn(folder, ['-c', configFile, ...archive.options])
    for (const words of [['update'], ['download', 'one', 'two']]) {
      const end = await apt(...words)
      assert.equal(end.code, 0, `${end.stdout}${end.stderr}\n${ways.join('\n')}`)
    }
    for (const name of ['one', 'two'])
      assert.deepEqual(readFileSync(join(folder, `${name}_1_all.deb`)), readFileSync(join(folder, `${name}.deb`)))
    assert.ok(ways.includes('proxy /Packages'), ways.join('\n'))
    assert.ok(ways.includes('proxy /one.deb'), ways.join('\n'))
    assert.ok(ways.includes('direct /one.deb'), ways.join('\n'))
  })
})
