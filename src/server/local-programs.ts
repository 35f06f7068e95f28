import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { socketOwner } from '../base/socket-owner.ts'

const establishedState = '01'

/**
 * The names of program and script behind a connection from this machine, such as `python3` and `pip`, as far as /proc
 * tells; never their parameters, which may hold secrets. Takes some milliseconds: for rare occasions.
 */
export function localPrograms(address: string | undefined, port: number | undefined): readonly string[] {
  if (port === undefined || !/^(?:::ffff:)?127\.|^::1$/.test(address ?? '')) return []
  try {
    const inode = inodeOf('/proc/net/tcp', port) ?? inodeOf('/proc/net/tcp6', port)
    if (inode === undefined) return []
    const pid = socketOwner(new Set([inode]))
    if (pid === undefined) return []
    return wordsOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/))
  } catch {
    return []
  }
}

/** Options of Java whose value is the next word. */
const javaOptionsWithValue = /^(?:-cp|-classpath|--class-path|-p|--module-path|--add-(?:modules|opens|exports|reads))$/

const interpreters = /^(?:python|pypy|node|nodejs|ruby|php|perl|java|sh|bash|dash)[\d.]*$/

/**
 * Of a command line the program, and when that is an interpreter the first word that is no option: the script, the module
 * behind -m, or the main class of Java. Some write a title of words in place of the line, such as npm.
 */
export function wordsOf([path = '', ...rest]: readonly string[]): string[] {
  const program = basename(path)
  const isValue = (index: number): boolean => program === 'java' && javaOptionsWithValue.test(rest[index - 1] ?? '')
  const isScript = (word: string, index: number): boolean => word !== '' && !word.startsWith('-') && !isValue(index)
  const script = interpreters.test(program) ? rest.find(isScript) : undefined
  return [program, basename(script ?? '')].filter((word) => word !== '')
}

/** Of the client's end: columns local address, state and inode of proc(5). */
function inodeOf(table: string, port: number): string | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync(table, 'utf8').split('\n')) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (local?.endsWith(wanted) && state === establishedState && inode !== '0') return inode
  }
  return undefined
}
