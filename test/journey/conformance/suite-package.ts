import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The public suite, by its one version and what its archive must be. It is no dependency: only its own files are used. */
const suite = {
  specifier: 'http-cache-tests@0.4.5',
  sha512: 'DjuwN9nUZXLTW+wav1LRESCZNVxl8SshwOy4z1pxuWbWt5/ay6sM9QQ1lebBaDO6P1IMBoK6mdf+PuVP/QNL8A==',
}

/** Fetches the suite with npm as this machine has it configured, checks and unpacks it. Answers the folder it lies in. */
export function fetchSuite(folder: string): string {
  const flags = ['--loglevel=error', '--ignore-scripts', '--prefer-offline', '--pack-destination', folder]
  const told = execFileSync('npm', ['pack', ...flags, suite.specifier], {
    cwd: folder,
    // The registry may be known to the system alone.
    env: { ...process.env, NODE_OPTIONS: '--use-system-ca' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  })
  const archive = join(folder, told.trim().split('\n').at(-1)!)
  const found = createHash('sha512').update(readFileSync(archive)).digest('base64')
  if (found !== suite.sha512) throw new Error(`${suite.specifier} is not what it was: its SHA-512 is ${found}`)
  execFileSync('tar', ['-xzf', archive, '-C', folder], { stdio: 'pipe' })
  return join(folder, 'package')
}
