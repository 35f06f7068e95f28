import { readdirSync, readlinkSync } from 'node:fs'

/**
 * The id of a process that holds one of the sockets, as far as we may look into processes; the latest first, for most
 * often it is young. Reads all of /proc until then. proc(5)
 */
export function socketOwner(inodes: ReadonlySet<string>): string | undefined {
  return readdirSync('/proc').findLast((name) => /^\d+$/.test(name) && holds(name, inodes))
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const found = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))
      return found !== null && inodes.has(found[1]!)
    })
  } catch {
    return false
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
