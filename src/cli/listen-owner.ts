import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { socketOwner } from '../base/socket-owner.ts'

const listeningState = '0A'

/** Who listens on TCP port `port`, as `process 123 (nginx)`; `undefined` where /proc does not tell. */
export function listenOwner(port: number): string | undefined {
  try {
    const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)))
    if (inodes.size === 0) return undefined
    const pid = socketOwner(inodes)
    if (pid === undefined) return 'a process of another user'
    return `process ${pid} (${basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!)})`
  } catch {
    return undefined
  }
}

/** The inodes of the sockets that listen on `port`: columns local address, state and inode of proc(5). */
function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return textOf(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listeningState && local?.endsWith(`:${wanted}`))
    .map((columns) => columns[9]!)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
