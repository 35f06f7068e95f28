import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { command } from '../../support/command.ts'
import { startLarder } from '../../support/larder.ts'
import { homeOf } from '../../support/program.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'

const top = join(import.meta.dirname, '../../..')

describe('What clients without configuration are told', () => {
  test('the lines of the help page, copied in their order, do what they say', async (context) => {
    const origin = await startTlsOrigin((_, response) =>
      response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('ok\n'),
    )
    context.after(() => origin.stop())
    const larder = await startLarder({ connectPorts: [origin.port], originCaFiles: [origin.caFile] })
    context.after(() => larder.stop())
    const url = `http://127.0.0.1:${larder.port}`
    const page = await (await fetch(`${url}/`)).text()
    const lines = page.split('\n').map((line) => line.trim())
    const wanted = (start: string): string =>
      lines.find((line) => line.startsWith(start)) ?? assert.fail(`${start}\n${page}`)
    const { HOME, ...environment } = homeOf(context)
    const script = [
      'set -e; cd "$HOME"; no_proxy=; NO_PROXY=; export no_proxy NO_PROXY',
      wanted('export '),
      wanted('curl -f'),
      `${wanted('curl --cacert')} -sS`,
      `${wanted('wget ')} -q -O -`,
      wanted('npm config set cafile'),
      `test -e "$(npm config get cafile)"`,
      wanted("curl -f --noproxy '*' -o /usr"),
      wanted('chmod '),
      wanted('echo '),
      'apt-get -c apt.conf --print-uris -qq install no-such-package 2>&1 | grep -q "Unable to locate"',
    ]
      .join('\n')
      .replaceAll('https://example.org/', `${origin.url}/`)
      .replaceAll('/usr/local/bin', HOME!)
      .replaceAll('/etc/apt/apt.conf.d/30larder', 'apt.conf')
    const { code, stdout, stderr } = await command('sh', ['-c', script], { env: { ...environment, HOME } })
    assert.deepEqual([code, stdout], [0, 'ok\nok\n'], `${stderr}\n${script}`)
    assert.ok(origin.paths.length > 0)
    assert.ok(existsSync(join(HOME!, 'apt-proxy-detect')))
  })

  test('the recipe for dnsmasq is taken by dnsmasq', async (context) => {
    const text = readFileSync(join(top, 'docs/clients-without-configuration.md'), 'utf8')
    const recipe = /```ini\n([^`]*dhcp-option=252[^`]*)```/.exec(text)![1]!
    const file = join(homeOf(context).HOME!, 'larder.conf')
    writeFileSync(file, recipe)
    const env = { PATH: `${process.env.PATH}:/usr/sbin` }
    const { code, stderr } = await command('dnsmasq', ['--test', `--conf-file=${file}`], { env })
    assert.equal(code, 0, stderr)
  })
})
