import { type FtpDaemon, type FtpDaemonTls, startFtpDaemon } from './ftp-daemon.ts'

export type Vsftpd = FtpDaemon

export interface VsftpdOptions {
  readonly tls?: FtpDaemonTls
  /** The only password with which `anonymous` is let in; else any. */
  readonly password?: string
}

const binary = '/usr/sbin/vsftpd'

export function startVsftpd({ tls, password }: VsftpdOptions = {}): Promise<Vsftpd> {
  return startFtpDaemon('vsftpd', tls?.mode !== 'implicit', async ({ port, root, empty, write }) => {
    const options = {
      listen: 'YES',
      listen_address: '127.0.0.1',
      listen_port: port,
      background: 'NO',
      anonymous_enable: 'YES',
      local_enable: 'NO',
      write_enable: 'NO',
      anon_root: root,
      ftp_username: 'ftp',
      secure_chroot_dir: empty,
      seccomp_sandbox: 'NO',
      isolate: 'NO',
      isolate_network: 'NO',
      xferlog_enable: 'NO',
      pasv_enable: 'YES',
      ...(password === undefined ? { no_anon_password: 'YES' } : await passwordOptions(password, write)),
      ...(tls === undefined ? {} : await tlsOptions(tls, write)),
    }
    const lines = Object.entries(options).map(([name, value]) => `${name}=${value}\n`)
    return { program: binary, args: [await write('vsftpd.conf', lines.join(''))] }
  })
}

type Write = (name: string, content: string) => Promise<string>

async function passwordOptions(password: string, write: Write) {
  return { secure_email_list_enable: 'YES', email_password_file: await write('passwords', `${password}\n`) }
}

/** As vsftpd is initially, data connections must go on in the TLS session of the control connection. */
async function tlsOptions({ mode, key, cert }: FtpDaemonTls, write: Write) {
  return {
    ssl_enable: 'YES',
    allow_anon_ssl: 'YES',
    force_anon_logins_ssl: 'YES',
    force_anon_data_ssl: 'YES',
    require_ssl_reuse: 'YES',
    ssl_ciphers: 'HIGH',
    rsa_cert_file: await write('cert.pem', cert),
    rsa_private_key_file: await write('key.pem', key),
    implicit_ssl: mode === 'implicit' ? 'YES' : 'NO',
  }
}
