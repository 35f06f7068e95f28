import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedPages } from './generated-pages.ts'

const top = join(import.meta.dirname, '../..')

for (const { path, render } of generatedPages) {
  const file = join(top, path)
  const written = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const text = render(written)
  if (text !== written) writeFileSync(file, text)
  process.stdout.write(`docs: ${path} ${text === written ? 'is up to date' : 'rewritten'}\n`)
}
