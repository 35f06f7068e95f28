import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { loadAuthority } from '../../../src/ca/certificate-authority.ts'
import { TestFolder } from '../../unit/ca/authority-fixture.ts'

const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)
const init = `
  import { createAuthority } from ${source('ca/certificate-authority.ts')}
  import { ForgeCertificateBuilder } from ${source('ca/forge-certificate-builder.ts')}
  import { systemClock } from ${source('base/clock.ts')}
  try {
    createAuthority({ folder: process.argv[1], builder: new ForgeCertificateBuilder(), clock: systemClock })
  } catch (error) {
    process.stdout.write(error.code ?? String(error))
  }
`

/** What an init in a process of its own said: nothing, or the code of its fault. */
function initElsewhere(folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parameters = ['--input-type=module', '--eval', init, folder]
    execFile(process.execPath, parameters, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}

describe('Inits at the same time', () => {
  test('make one CA: one of them at least succeeds, the others are told, nothing is left beside it', async () => {
    using folder = new TestFolder()
    const said = await Promise.all(Array.from({ length: 4 }, () => initElsewhere(folder.ca)))
    assert.ok(said.includes(''), said.join())
    assert.deepEqual(
      said.filter((word) => word !== '' && word !== 'CONFIG_CONFLICT'),
      [],
    )
    loadAuthority({ folder: folder.ca, clock: systemClock })
    assert.deepEqual(readdirSync(folder.ca).sort(), ['ca.key', 'ca.pem'])
  })
})
