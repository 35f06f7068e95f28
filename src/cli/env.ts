import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSystemRoots } from '../ca/system-roots.ts'
import type { HostPort } from '../config/settings.ts'
import { AdminClient, type DaemonStatus } from './admin-client.ts'
import { buildSecret } from './build-secret.ts'
import { clientFolder, prepareClients } from './client-files.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import type { JavaTrust } from './java-trust-store.ts'
import { dockerArguments, type Shell, shellLines } from './shell-lines.ts'

/** `larder env`: the variables that `run` sets, for a daemon that answered, to be evaluated by a shell. */
export const printVariables: Command<[shell: Shell]> = async (context, shell) => {
  const { environment, terminal } = context
  const client = new AdminClient(settingsOf(context).settings)
  const [status, caPem] = [await client.status(), await client.caPem()]
  const folder = clientFolder(environment)
  const { variables, java } = await prepareClients({ proxyUrl: proxyUrlOf(status), caPem, folder, environment })
  if (caPem === undefined) terminal.note('larder: the daemon has no CA, so https is not cached')
  if (java.kind === 'none' && java.reason !== undefined) terminal.note(`larder: ${java.reason}`)
  const form = context.json ? 'json' : shell
  if (form === 'docker')
    terminal.print(dockerArguments(variables, writeBuildSecret({ status, caPem, java, folder, context })))
  else terminal.print(shellLines(form, variables))
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

interface SecretPlan {
  readonly status: DaemonStatus
  readonly caPem: string | undefined
  readonly java: JavaTrust
  readonly folder: string
  readonly context: CommandContext
}

/** The secrets of a build as --secret takes them, with their files written. */
function writeBuildSecret({ status, caPem, java, folder, context }: SecretPlan): readonly string[] {
  if (caPem === undefined) return []
  const { environment, terminal } = context
  const { systemRootsPem, proxyUrl } = { systemRootsPem: readSystemRoots().pem, proxyUrl: proxyUrlOf(status) }
  const secret = buildSecret({ proxyUrl, caPem, systemRootsPem, java, environment })
  if (java.kind === 'store' && !secret.java) terminal.note('larder: the trust store of Java is too large for a secret')
  const file = join(folder, 'build.sh')
  writeFileSync(file, secret.script, { mode: 0o644 })
  return [`id=larder,src=${file}`, `id=ca,src=${join(folder, 'ca.pem')}`]
}
