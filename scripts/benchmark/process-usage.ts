import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** One line of /proc/PID/stat, in the kernel's units. */
export interface ProcessStat {
  readonly pid: number
  readonly parent: number
  /** CPU of the process and of the children that it has waited for. */
  readonly ticks: number
  readonly rssPages: number
}

/** Processor time and memory of a process tree. */
export interface Usage {
  readonly cpuSeconds: number
  readonly rssMb: number
}

/**
 * Reads a line of /proc/PID/stat (proc(5)). The second field is the program's name in brackets and may itself hold blanks
 * and brackets, so the fields are counted from the last bracket. Undefined when the line is not whole.
 */
export function parseProcessStat(line: string): ProcessStat | undefined {
  const end = line.lastIndexOf(')')
  const pid = Number.parseInt(line, 10)
  const rest = line
    .slice(end + 2)
    .trim()
    .split(' ')
  if (end < 0 || Number.isNaN(pid) || rest.length < 22) return undefined
  const field = (number: number): number => Number(rest[number - 3])
  // 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime, 24 rss
  return { pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17), rssPages: field(24) }
}

/** `root` and all that descends from it. */
export function processTree(all: readonly ProcessStat[], root: number): ProcessStat[] {
  const found = all.filter(({ pid }) => pid === root)
  for (const parent of found) found.push(...all.filter((one) => one.parent === parent.pid && !found.includes(one)))
  return found
}

function readStat(pid: string): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // it has just ended
  }
}

const systemNumber = (name: string): number => Number(execFileSync('getconf', [name], { encoding: 'utf8' }))

/** Answers a function that reads the usage of the tree below a process id. */
export function usageReader(): (root: number) => Usage {
  const ticksPerSecond = systemNumber('CLK_TCK')
  const mbPerPage = systemNumber('PAGESIZE') / 1e6
  return (root) => {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readStat(name) ?? [])
    const tree = processTree(all, root)
    const sum = (of: (one: ProcessStat) => number): number => tree.reduce((total, one) => total + of(one), 0)
    return { cpuSeconds: sum((one) => one.ticks) / ticksPerSecond, rssMb: sum((one) => one.rssPages) * mbPerPage }
  }
}
