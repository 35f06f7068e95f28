import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Something of the system fails until it is ended. */
export interface Outage {
  end(): void | Promise<void>
}

/**
 * From now on calls of the process to the kernel fail, or take long, as `injections` say in the words of strace's option
 * `inject`; with `paths`, only those about these files.
 */
export async function tamper(
  pid: number,
  injections: readonly string[],
  paths: readonly string[] = [],
): Promise<Outage> {
  const calls = injections.map((one) => one.split(':')[0]!).join(',')
  const tracer = spawn(
    'strace',
    [
      ...['-f', '-o', '/dev/null', '-e', 'signal=none', '-e', `trace=${calls}`],
      ...paths.flatMap((path) => ['-P', path]),
      ...injections.flatMap((one) => ['-e', `inject=${one}`]),
      ...['-p', String(pid)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(tracer, 'exit')
  await attached(tracer)
  return {
    end: async () => {
      tracer.kill('SIGINT')
      await ended
    },
  }
}

async function attached(tracer: ChildProcess): Promise<void> {
  const lines = createInterface({ input: tracer.stderr! })
  let said = ''
  for await (const line of lines) {
    said += `${line}\n`
    if (/attached/.test(line)) {
      tracer.stderr!.resume()
      return
    }
  }
  throw new Error(`strace did not attach: ${said}`)
}

/** What is opened by its name in `folder` can only be read: another mount of it covers it. */
export function coverReadOnly(folder: string): Outage {
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,bind,ro', folder])
  return { end: () => void execFileSync('umount', ['-l', folder]) }
}
