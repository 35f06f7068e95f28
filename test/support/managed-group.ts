import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'

export interface Managed {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  /** What it said on standard error so far. */
  said(): string
}

/** Runs "$@" as options of `unshare` in a control group below that of the caller, and takes all of it back when standard input ends. */
const script = `set -eu
mount -t cgroup2 cgroup2 "$HOME/groups"
group=$HOME/groups$(sed -n 's/^0:://p' /proc/self/cgroup)/larder-$$
mkdir "$group"
exec 3<&0
(cat <&3 >/dev/null && echo 1 >"$group/cgroup.kill") &
sh -euc 'echo $$ >"$0/cgroup.procs"; exec unshare --cgroup --mount "$@"' "$group" "$@" </dev/null 3<&- || :
until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; do sleep 0.05; done
`

/**
 * A systemd in namespaces and a control group of its own. With the test it ends, and so does whatever it started, and the folder
 * `environment.HOME` goes.
 *
 * @param words for `unshare`: options, then the program and its words
 */
export function startManaged(
  context: TestContext,
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): Managed {
  const home = environment.HOME!
  mkdirSync(join(home, 'groups'))
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words], {
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const exited = once(child, 'exit')
  context.after(async () => {
    child.stdin.end()
    await exited
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return { child: child as unknown as Managed['child'], said: () => said }
}
