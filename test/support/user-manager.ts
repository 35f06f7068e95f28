import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { command } from './command.ts'
import { startManaged } from './managed-group.ts'

/** The machine seems to have been started by systemd. Processes have no namespace: those who talk to the manager must be known. */
const script = `mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec /lib/systemd/systemd --user --unit=basic.target --log-target=console`

/** A real systemd for one user, who has nothing but the variables that are answered. It ends with the test. */
export async function startUserManager(context: TestContext): Promise<Record<string, string>> {
  const HOME = mkdtempSync(join(tmpdir(), 'larder-user-'))
  const environment = { HOME, PATH: process.env.PATH!, XDG_RUNTIME_DIR: join(HOME, 'run'), TMPDIR: join(HOME, 'tmp') }
  for (const folder of [environment.XDG_RUNTIME_DIR, environment.TMPDIR]) mkdirSync(folder, { mode: 0o700 })
  const { child, said } = startManaged(context, environment, ['sh', '-euc', script])
  child.stdout.resume()
  while (child.exitCode === null) {
    const { stdout } = await command('systemctl', ['--user', 'show', '-p', 'SystemState'], { env: environment })
    if (/=(?:running|degraded)$/m.test(stdout)) return environment
    await pause(50)
  }
  throw new Error(`systemd --user ended: ${said()}`)
}
