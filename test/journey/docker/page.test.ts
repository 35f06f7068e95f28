import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startDocker } from './engines.ts'
import { addImage } from './image-registry.ts'
import { originName, startPackageOrigin } from './package-origin.ts'
import { serveLarder } from './served-larder.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/docker.md'), 'utf8')
const block = (kind: string, within: RegExp): string =>
  [...page.matchAll(new RegExp(`^\`\`\`${kind}\\n([^\`]*)\`\`\`$`, 'gm'))]
    .map((one) => one[1]!)
    .find((one) => within.test(one))!

/** `Environment=A=b C=d` of a unit. */
function environmentOf(unit: string): Record<string, string> {
  const lines = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap((line) => line[1]!.split(' '))
  return Object.fromEntries(lines.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

describe('The page on Docker', () => {
  test('configures the daemon, which pulls through the proxy, the second time without the origin, and the client, whose containers get the proxy', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-page-'))
    context.after(() => rmSync(folder, { recursive: true, force: true }))
    const origin = await startPackageOrigin(folder)
    context.after(() => origin.stop())
    addImage(origin.files)
    const larder = await serveLarder(folder, origin)
    context.after(() => larder.stop())

    const unit = block('ini', /HTTPS_PROXY/)
    const written = environmentOf(unit)
    const bundle = join(folder, 'bundle.pem')
    const command = /`larder (ca export [^`]*)`/.exec(page)![1]!
    assert.ok(command.endsWith(written.SSL_CERT_FILE!))
    await larder.larder(...command.replace(written.SSL_CERT_FILE!, bundle).split(' '))
    const address = 'http://127.0.0.1:3128'
    assert.deepEqual([written.HTTP_PROXY, written.HTTPS_PROXY], [address, address])
    const engine = await startDocker({
      ...written,
      HTTP_PROXY: larder.address,
      HTTPS_PROXY: larder.address,
      SSL_CERT_FILE: bundle,
    })
    context.after(() => engine.stop())
    const image = `${originName}:${origin.port}/larder/hello:1`
    await engine.ask('pull', image)
    const asked = origin.paths.length
    assert.ok(asked >= 3, `${origin.paths}`)
    await engine.ask('rmi', image)
    await engine.ask('pull', image)
    assert.deepEqual(origin.paths.slice(asked), [])

    const client = block('json', /"default"/)
    mkdirSync(join(engine.environment.HOME!, '.docker'), { recursive: true })
    writeFileSync(join(engine.environment.HOME!, '.docker/config.json'), client)
    await engine.ask('create', '--network=none', '--name', 'configured', image)
    const variables = await engine.ask('inspect', '--format', '{{json .Config.Env}}', 'configured')
    const { httpProxy, httpsProxy, noProxy } = (JSON.parse(client) as { proxies: { default: Record<string, string> } })
      .proxies.default
    for (const wanted of [`http_proxy=${httpProxy}`, `HTTPS_PROXY=${httpsProxy}`, `no_proxy=${noProxy}`])
      assert.ok(variables.includes(JSON.stringify(wanted)), `${wanted} in ${variables}`)
    await engine.ask('rm', 'configured')

    const daemon = JSON.parse(block('json', /"http-proxy"/)) as { proxies: Record<string, string> }
    assert.deepEqual(daemon.proxies, {
      'http-proxy': written.HTTP_PROXY,
      'https-proxy': written.HTTPS_PROXY,
      'no-proxy': written.NO_PROXY,
    })
  })
})
