import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { command } from './command.ts'

/**
 * Makes a group of control for the manager, starts it in a namespace where the machine seems to have been started by systemd,
 * and takes all of it back when standard input ends. Processes have no namespace: those who talk to the manager must be known.
 */
const script = `set -eu
mount -t cgroup2 cgroup2 "$HOME/groups"
group=$HOME/groups$(sed -n 's/^0:://p' /proc/self/cgroup)/larder-$$
mkdir "$group"
exec 3<&0
(cat <&3 >/dev/null && echo 1 >"$group/cgroup.kill") &
sh -euc 'echo $$ >"$0/cgroup.procs"
exec unshare --cgroup --mount sh -euc "
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec /lib/systemd/systemd --user --unit=basic.target --log-target=console"' "$group" </dev/null 3<&- || :
until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; do sleep 0.05; done
`

/** A real systemd for one user, who has nothing but the variables that are answered. It ends with the test. */
export async function startUserManager(context: TestContext): Promise<Record<string, string>> {
  const HOME = mkdtempSync(join(tmpdir(), 'larder-user-'))
  const environment = { HOME, PATH: process.env.PATH!, XDG_RUNTIME_DIR: join(HOME, 'run'), TMPDIR: join(HOME, 'tmp') }
  mkdirSync(join(HOME, 'groups'))
  for (const folder of [environment.XDG_RUNTIME_DIR, environment.TMPDIR]) mkdirSync(folder, { mode: 0o700 })
  const manager = spawn('unshare', ['--mount', 'sh', '-c', script], {
    env: environment,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  manager.stderr.on('data', (chunk) => {
    said += chunk
  })
  const exited = once(manager, 'exit')
  context.after(async () => {
    manager.stdin.end()
    await exited
    rmSync(HOME, { recursive: true, force: true, maxRetries: 5 })
  })
  while (manager.exitCode === null) {
    const { stdout } = await command('systemctl', ['--user', 'show', '-p', 'SystemState'], { env: environment })
    if (/=(?:running|degraded)$/m.test(stdout)) return environment
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`systemd --user ended: ${said}`)
}
