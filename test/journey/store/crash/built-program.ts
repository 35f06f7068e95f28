import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface BuiltProgram {
  /** A folder of its own, removed with it. */
  readonly folder: string
  /** The words that run it. */
  readonly words: readonly string[]
  remove(): void
}

const top = join(import.meta.dirname, '../../../..')

/** Builds the program as it is shipped, out of the way of other builds. */
export function buildProgram(): BuiltProgram {
  const folder = mkdtempSync(join(tmpdir(), 'larder-crash-'))
  const app = join(folder, 'app')
  execFileSync(
    join(top, 'node_modules/.bin/tsc'),
    ['-p', join(top, 'tsconfig.build.json'), '--outDir', join(app, 'dist')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  copyFileSync(join(top, 'package.json'), join(app, 'package.json'))
  symlinkSync(join(top, 'node_modules'), join(app, 'node_modules'))
  return {
    folder,
    words: [process.execPath, join(app, 'dist/main.js')],
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}
