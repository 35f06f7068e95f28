import { join } from 'node:path'
import type { HostPort } from '../config/settings.ts'
import { AdminClient, type DaemonStatus } from './admin-client.ts'
import { clientFolder, prepareClients } from './client-files.ts'
import { type Command, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

export const shells = ['sh', 'fish', 'powershell', 'docker', 'json'] as const
export type Shell = (typeof shells)[number]

type Variables = Readonly<Record<string, string>>

/** `larder env`: the variables that `run` sets, for a daemon that answered, to be evaluated by a shell. */
export const printVariables: Command<[shell: Shell]> = async (context, shell) => {
  const { environment, terminal } = context
  const client = new AdminClient(settingsOf(context).settings)
  const [status, caPem] = [await client.status(), await client.caPem()]
  const folder = clientFolder(environment)
  const { variables, java } = await prepareClients({ proxyUrl: proxyUrlOf(status), caPem, folder, environment })
  if (caPem === undefined) terminal.note('larder: the daemon has no CA, so https is not cached')
  if (java.kind === 'none' && java.reason !== undefined) terminal.note(`larder: ${java.reason}`)
  terminal.print(written(context.json ? 'json' : shell, variables, caPem && join(folder, 'ca.pem')))
  return exitCodes.done
}

/** Where clients of this machine reach the daemon. */
export function proxyUrlOf({ listen }: DaemonStatus): string {
  const [first] = [...listen].sort((a, b) => rank(a) - rank(b))
  if (first === undefined) throw new CommandFailure(exitCodes.unavailable, 'the daemon listens nowhere', 'Restart it.')
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[first.host] ?? first.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${first.port}`
}

/** Some tools cannot read an IPv6 address in a URL. */
function rank({ host }: HostPort): number {
  return host.includes(':') ? 1 : 0
}

function written(shell: Shell, variables: Variables, caFile: string | undefined): string {
  const lines = (write: (name: string, value: string) => string): string =>
    Object.entries(variables)
      .map(([name, value]) => `${write(name, value)}\n`)
      .join('')
  switch (shell) {
    case 'sh':
      return lines((name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    case 'fish':
      return lines((name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`)
    case 'powershell':
      return lines((name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`)
    case 'json':
      return `${JSON.stringify(variables, null, 2)}\n`
    case 'docker':
      return dockerArguments(variables, caFile)
  }
}

/** Arguments of `docker build`: build arguments leave no trace in the image, the CA is a secret of the steps that want it. */
function dockerArguments(variables: Variables, caFile: string | undefined): string {
  const names = [
    'http_proxy',
    'https_proxy',
    'ftp_proxy',
    'no_proxy',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'FTP_PROXY',
    'NO_PROXY',
  ]
  const given = names.map((name) => `--build-arg ${name}=${variables[name]}`)
  if (caFile !== undefined) given.push(`--secret id=ca,src=${caFile}`)
  return `--network=host ${given.join(' ')}\n`
}
