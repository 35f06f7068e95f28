import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const privateMode = 0o700

/**
 * Makes a folder and those above it that are missing, for their owner alone; an existing one stays as it is. Node's own recursive
 * way never comes back where the system says that a folder is missing although the one above is there, as in /proc.
 */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, privateMode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || isFolder(dirname(path))) throw error
    makePrivateFolder(dirname(path))
    makePrivateFolder(path)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
