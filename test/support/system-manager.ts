import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type CommandEnd, command } from './command.ts'
import { startManaged } from './managed-group.ts'

const top = join(import.meta.dirname, '../..')

/** Parts of a system that would reach beyond it, or that nobody needs here. */
const masked = [
  'dbus.socket',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'kmod-static-nodes.service',
  'modprobe@.service',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-ask-password-console.path',
  'systemd-initctl.socket',
  'systemd-journal-flush.service',
  'systemd-journald-audit.socket',
  'systemd-remount-fs.service',
  'systemd-sysctl.service',
  'systemd-sysusers.service',
  'systemd-tmpfiles-clean.timer',
  'systemd-tmpfiles-setup-dev.service',
  'systemd-tmpfiles-setup.service',
  'systemd-update-utmp.service',
]

/**
 * Makes a system of its own at $HOME/root: the programs of this one, read only, Larder at /opt/larder ($1) and Node at /opt/node
 * ($2); all else is empty. The network is that of this machine. Says by which number others know its first process.
 */
const script = `root=$HOME/root
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir -p usr etc/ssl etc/systemd/system opt/larder opt proc sys dev run tmp var/log var/cache var/lib var/tmp root home outside
ln -s ../run var/run
chmod 1777 tmp var/tmp
for name in bin sbin lib lib64; do
  if [ -L /$name ]; then cp -P /$name $name; elif [ -d /$name ]; then mkdir $name; mount --bind -o ro /$name $name; fi
done
mount --bind -o ro /usr usr
mount --bind -o ro /etc/ssl etc/ssl
mount --bind -o ro "$1" opt/larder
touch opt/node
mount --bind -o ro "$2" opt/node
cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /etc/hosts /etc/resolv.conf etc/
echo 0123456789abcdef0123456789abcdef >etc/machine-id
for unit in ${masked.join(' ')}; do ln -s /dev/null etc/systemd/system/$unit; done
read -r outer rest </proc/self/stat
mount -t proc proc proc
mount --bind -o ro proc/sys proc/sys
mount --bind -o ro /sys sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
pivot_root . outside
umount -l outside
rmdir outside
echo "$outer"
export container=larder
exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=no`

/** A system that a real systemd runs, as its process 1. */
export interface SystemManager {
  /** Its root, for those outside. */
  readonly root: string
  /** Runs a program in it, as root with nothing but PATH and `variables`. */
  run(words: readonly string[], variables?: Readonly<Record<string, string>>): Promise<CommandEnd>
  /** The end of its journal. */
  log(): Promise<string>
  /** `larder` in it. */
  larder(words: readonly string[], variables?: Readonly<Record<string, string>>): Promise<CommandEnd>
}

/** It ends with the test. */
export async function startSystemManager(context: TestContext): Promise<SystemManager> {
  const HOME = mkdtempSync(join(tmpdir(), 'larder-system-'))
  mkdirSync(join(HOME, 'root'))
  const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
  const own = ['--uts', '--ipc', '--pid', '--fork', '--kill-child']
  const words = [...own, 'sh', '-euc', script, 'sh', top, process.execPath]
  const { child, said } = startManaged(context, { HOME, PATH }, words)
  const first = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value
  if (first === undefined) throw new Error(`the system was not made: ${said()}`)
  const run: SystemManager['run'] = (given, variables = {}) =>
    command('nsenter', ['--target', first, '--all', ...given], { env: { PATH, ...variables } })
  while (child.exitCode === null) {
    const { stdout } = await run(['systemctl', 'is-system-running'])
    if (/^(?:running|degraded)$/m.test(stdout)) return systemOf(first, run)
    await pause(50)
  }
  throw new Error(`systemd ended: ${said()}`)
}

function systemOf(first: string, run: SystemManager['run']): SystemManager {
  return {
    root: `/proc/${first}/root`,
    run,
    log: async () => (await run(['journalctl', '--no-pager', '-n', '60'])).stdout,
    larder: (words, variables) => run(['/opt/node', '/opt/larder/src/main.ts', ...words], variables),
  }
}
