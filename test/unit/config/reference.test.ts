import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadSettings } from '../../../src/config/load-settings.ts'
import { optionRows } from '../../../src/config/options.ts'
import { optionsPage, sampleFile } from '../../../src/config/reference.ts'

const top = join(import.meta.dirname, '../../..')
const environment = { HOME: '/home/ann' }

describe('The sample file', () => {
  test('is the one in deploy/', () => {
    assert.equal(readFileSync(join(top, 'deploy/larder.yaml'), 'utf8'), sampleFile())
  })

  test('changes nothing as it is', () => {
    const plain = loadSettings({ flags: {}, environment, readFile: () => '' })
    const sample = loadSettings({ flags: { config: ['s.yaml'] }, environment, readFile: sampleFile })
    assert.deepEqual(sample, plain)
  })

  test('names every option with a value of its kind', () => {
    const uncommented = sampleFile()
      .replace(/^#(?! )/gm, '')
      .replace(/^# {2}-/gm, '  -')
    const { origins } = loadSettings({ flags: { config: ['s.yaml'] }, environment, readFile: () => uncommented })
    assert.deepEqual(
      Object.entries(origins).filter(([, origin]) => !origin.startsWith('file ')),
      [],
    )
  })
})

describe('docs/options.md', () => {
  test('is what the schema renders', () => {
    assert.equal(readFileSync(join(top, 'docs/options.md'), 'utf8'), optionsPage())
  })

  test('has a row for every option', () => {
    for (const { name } of optionRows) assert.match(optionsPage(), new RegExp(`\`--${name}[ \`]`))
  })
})
