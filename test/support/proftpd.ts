import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FtpDaemon, type FtpDaemonTls, startFtpDaemon } from './ftp-daemon.ts'

export interface ProftpdOptions {
  readonly tls?: FtpDaemonTls
  /** One who may log in, and lands in the folder `home` of the root without being locked into it. */
  readonly login?: { readonly user: string; readonly password: string; readonly home: string }
}

/** Where scripts/test unpacks it, as its package excludes that of vsftpd; or where the system has it. */
const unpacked = '/opt/larder-tests'
const top = existsSync(join(unpacked, 'usr/sbin/proftpd')) ? unpacked : '/'

const nobody = 65_534

export function startProftpd({ tls, login }: ProftpdOptions = {}): Promise<FtpDaemon> {
  return startFtpDaemon('proftpd', tls?.mode !== 'implicit', async ({ folder, root, port, write }) => {
    const [uid, gid] = process.getuid!() === 0 ? [nobody, nobody] : [process.getuid!(), process.getgid!()]
    const users = [`ftp:*:${uid}:${gid}::${root}:/bin/false`]
    if (login !== undefined) {
      const hash = execFileSync('openssl', ['passwd', '-6', login.password], { encoding: 'utf8' }).trim()
      users.push(`${login.user}:${hash}:${uid}:${gid}::${join(root, login.home)}:/bin/false`)
    }
    const lines = [
      'ServerType standalone',
      'DefaultAddress 127.0.0.1',
      `Port ${port}`,
      'UseIPv6 off',
      'UseReverseDNS off',
      'DelayEngine off',
      'WtmpLog off',
      'TransferLog none',
      'SystemLog none',
      'RequireValidShell off',
      `PidFile ${join(folder, 'pid')}`,
      `ScoreboardFile ${join(folder, 'scoreboard')}`,
      'User nobody',
      'Group nogroup',
      `AuthUserFile ${await write('users', `${users.join('\n')}\n`)}`,
      `AuthGroupFile ${await write('groups', `ftp:*:${gid}:\n`)}`,
      'AuthOrder mod_auth_file.c',
      `<Anonymous ${root}>`,
      '  User ftp',
      '  Group ftp',
      '  UserAlias anonymous ftp',
      '  RequireValidShell off',
      '</Anonymous>',
      ...(tls === undefined ? [] : await tlsLines(tls, folder, write)),
    ]
    const config = await write('proftpd.conf', `${lines.join('\n')}\n`)
    const env = { ...process.env, LD_LIBRARY_PATH: libraries() }
    return { program: join(top, 'usr/sbin/proftpd'), args: ['--nodaemon', '--config', config], env }
  })
}

type Write = (name: string, content: string) => Promise<string>

/** As ProFTPD is initially, data connections must go on in the TLS session of the control connection. */
async function tlsLines({ mode, key, cert }: FtpDaemonTls, folder: string, write: Write): Promise<string[]> {
  return [
    `ModulePath ${join(top, 'usr/lib/proftpd')}`,
    'LoadModule mod_tls.c',
    'TLSEngine on',
    'TLSRequired on',
    'TLSProtocol TLSv1.2 TLSv1.3',
    `TLSLog ${join(folder, 'tls.log')}`,
    `TLSECCertificateFile ${await write('cert.pem', cert)}`,
    `TLSECCertificateKeyFile ${await write('key.pem', key)}`,
    ...(mode === 'implicit' ? ['TLSOptions UseImplicitSSL'] : []),
  ]
}

function libraries(): string {
  const folders = readdirSync(join(top, 'usr/lib')).filter((name) => name.endsWith('-linux-gnu'))
  return folders.map((name) => join(top, 'usr/lib', name)).join(':')
}
