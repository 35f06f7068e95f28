import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from '../config/environment.ts'

/** The path of a program: below JAVA_HOME, else in PATH; `undefined`: there is none. */
export function findProgram(name: string, { JAVA_HOME, PATH = '' }: Environment): string | undefined {
  const folders = [...(JAVA_HOME ? [join(JAVA_HOME, 'bin')] : []), ...PATH.split(delimiter).filter((one) => one !== '')]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
