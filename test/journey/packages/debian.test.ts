import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { command } from '../../support/command.ts'

const top = join(import.meta.dirname, '../../..')

/**
 * Runs $2 in a copy of this whole system that is thrown away ($0, a folder), where \`node\` is $1; then lists the files that it
 * left there, but for those of dpkg itself.
 */
const inCopy = `set -eu
mount -t tmpfs tmpfs "$0"
mkdir "$0/upper" "$0/work" "$0/root" "$0/bin"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
touch "$0/root/usr/bin/node" "$0/root/dev/null"
mount --bind "$1" "$0/root/usr/bin/node"
mount --bind /dev/null "$0/root/dev/null"
mount -t proc proc "$0/root/proc"
cp "$3" "$0/root/larder.deb"
env -u NODE_COMPILE_CACHE PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$0/root" sh -euc "$2"
cd "$0/upper"
echo left:
find . \\( -type f -o -type l \\) ! -path './var/lib/dpkg/[!i]*' ! -path './var/log/*' ! -path './run/*' ! -path './usr/bin/node' ! -path './dev/null' ! -path ./larder.deb
find . -name '*larder*' ! -path ./larder.deb
`

/** What an administrator would do. Nothing is started: there is no manager in the copy. */
const script = `dpkg --no-triggers --force-depends -i /larder.deb >/dev/null 2>&1
larder --version
systemd-analyze verify --man=no larder.service larder.socket larder-admin.socket
systemctl enable larder.socket 2>/dev/null
echo "$(cd /etc/systemd/system/sockets.target.wants && echo larder*)"
# As systemd makes them for the user of the service.
for folder in cache lib; do
  mkdir -p /var/$folder/private/larder
  ln -s private/larder /var/$folder/larder
  touch /var/$folder/larder/content
done
echo removing
dpkg --no-triggers -r larder >/dev/null 2>&1
ls /etc/larder /var/cache/larder /var/lib/larder
! ls /etc/systemd/system/sockets.target.wants/larder* 2>/dev/null
! ls /usr/bin/larder /usr/lib/larder /lib/systemd/system/larder* 2>/dev/null
dpkg --no-triggers -P larder >/dev/null 2>&1
rmdir --ignore-fail-on-non-empty /var/cache/private /var/lib/private
`

const folder = mkdtempSync(join(tmpdir(), 'larder-deb-'))
let archive = ''

after(() => rmSync(folder, { recursive: true, force: true }))

before(async () => {
  const { code, stdout, stderr } = await command('scripts/package-deb', [folder], {
    cwd: top,
    // The small size of what is published takes ten seconds.
    env: { ...process.env, DPKG_DEB_COMPRESSOR_TYPE: 'gzip', DPKG_DEB_COMPRESSOR_LEVEL: '1' },
  })
  assert.equal(code, 0, stderr)
  archive = stdout.trim().split('\n').at(-1)!
})

describe('The Debian package', () => {
  test('says what it is and needs, and brings program, units, man page, completion and configuration, all of root', async () => {
    const fields = await command('dpkg-deb', ['--field', archive])
    const version = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')).version
    assert.match(fields.stdout, new RegExp(`^Package: larder\nVersion: ${version}\nArchitecture: all\n`))
    assert.match(fields.stdout, /^Depends: nodejs \(>= 24\)$/m)
    assert.match(fields.stdout, /^Installed-Size: [1-9]\d+$/m)
    const listed = (await command('dpkg-deb', ['--contents', archive])).stdout.trimEnd().split('\n')
    const entries = listed.map((line) => line.split(/\s+/))
    assert.deepEqual([...new Set(entries.map(([, owner]) => owner))], ['root/root'])
    // Nobody but root may write to any of it.
    assert.deepEqual(
      entries.filter(([mode]) => !mode!.startsWith('l') && /^.....w|^........w/.test(mode!)),
      [],
    )
    const paths = new Set(entries.map((columns) => columns[5]))
    for (const path of [
      'usr/bin/larder',
      'usr/lib/larder/dist/main.js',
      'usr/lib/systemd/system/larder.service',
      'usr/lib/systemd/system/larder.socket',
      'usr/lib/systemd/system/larder-admin.socket',
      'usr/share/man/man1/larder.1.gz',
      'usr/share/bash-completion/completions/larder',
      'usr/share/doc/larder/copyright',
      'etc/larder/larder.yaml',
    ])
      assert.ok(paths.has(`./${path}`), path)
    assert.ok(
      ![...paths].some((path) => /\/(?:src|test)\/|typescript|\/biome/.test(path!.replace(/node_modules\/.*/, ''))),
    )
  })

  test('is installed, runs, has units that systemd takes without a word, and is removed and purged without a trace', async () => {
    const copy = join(folder, 'copy')
    mkdirSync(copy)
    const words = ['--mount', 'sh', '-c', inCopy, copy, process.execPath, script, archive]
    const { code, stdout, stderr } = await command('unshare', words)
    assert.deepEqual([code, stderr], [0, ''], stdout)
    const [done, left] = stdout.split('left:\n')
    assert.deepEqual(done!.split('\n').slice(1), [
      'larder-admin.socket larder.socket',
      'removing',
      '/etc/larder:',
      'larder.yaml',
      '',
      '/var/cache/larder:',
      'content',
      '',
      '/var/lib/larder:',
      'content',
      '',
    ])
    assert.match(done!, /^\d+\.\d+\.\d+\n/)
    assert.equal(left, '')
  })
})
