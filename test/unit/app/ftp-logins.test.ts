import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ftpAccess } from '../../../src/app/ftp-logins.ts'
import { Fault } from '../../../src/base/faults.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'

function target(url: string): TargetUri {
  const parsed = parseTargetUri(url)
  assert.ok('href' in parsed)
  return parsed
}

describe('Logins of FTP servers', () => {
  let folder: string
  let file: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'larder-logins-'))
    file = join(folder, 'netrc')
    const entries = ['machine ftp.test login a password b', 'machine ftp.test:2121 login c password d\u00e4']
    writeFileSync(file, [...entries, 'machine [::1]:2121 login e password f', ''].join('\n'), { mode: 0o600 })
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  test('are for the port they name, or the ports of FTP, and no other server beside (CORRECTNESS T28)', () => {
    const access = ftpAccess({ ftpCredentialFiles: [file], ftpTls: [] })
    const user = (url: string): string => access(target(url)).user
    assert.equal(user('ftp://ftp.test/x'), 'a')
    assert.equal(user('ftps://ftp.test/x'), 'a')
    assert.equal(user('ftp://ftp.test:2121/x'), 'c')
    assert.equal(user('ftp://[::1]:2121/x'), 'e')
    for (const url of ['ftp://ftp.test:2122/', 'ftp://other.test/', 'ftp://x.ftp.test/'])
      assert.equal(user(url), 'anonymous')
    assert.equal(Buffer.from(access(target('ftp://ftp.test:2121/')).password, 'latin1').toString('utf8'), 'd\u00e4')
  })

  test('go with TLS where the URL or ftp-tls says so', () => {
    const access = ftpAccess({ ftpCredentialFiles: [], ftpTls: ['ftp.test'] })
    const tls = (url: string): string => access(target(url)).tls
    assert.deepEqual(
      [tls('ftp://ftp.test/'), tls('ftp://other.test/'), tls('ftps://ftp.test/'), tls('ftps://other.test/')],
      ['explicit', 'none', 'implicit', 'implicit'],
    )
  })

  test('are not read from a file that others may read, that is missing or that is no netrc', () => {
    const refusal = (path: string): Fault => {
      try {
        ftpAccess({ ftpCredentialFiles: [path], ftpTls: [] })
      } catch (error) {
        if (error instanceof Fault) return error
      }
      throw new Error('the file was not refused')
    }
    const bad = join(folder, 'bad')
    writeFileSync(bad, 'machine a login b password geheim extra', { mode: 0o600 })
    assert.equal(refusal(bad).code, 'CONFIG_BAD_VALUE')
    assert.match(refusal(bad).message, /line 1/)
    assert.doesNotMatch(refusal(bad).message, /geheim/)
    assert.equal(refusal(join(folder, 'none')).code, 'CONFIG_BAD_VALUE')
    chmodSync(bad, 0o640)
    assert.equal(refusal(bad).code, 'CONFIG_CONFLICT')
    assert.match(refusal(bad).message, /mode 0640/)
  })
})
