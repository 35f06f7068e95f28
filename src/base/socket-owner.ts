import { readdirSync, readlinkSync } from 'node:fs'

/** The id of the first process that holds one of the sockets, as far as we may look into processes; reads all of /proc. proc(5) */
export function socketOwner(inodes: ReadonlySet<string>): string | undefined {
  return readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, inodes))
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
