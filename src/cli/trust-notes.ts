import { join } from 'node:path'
import type { LarderEvent } from '../base/events.ts'
import type { Environment } from '../config/environment.ts'
import { toolNamed } from '../ecosystem/client-hint.ts'
import { generalFix } from '../ecosystem/client-tools.ts'
import { clientFolder } from './client-files.ts'

/** What the log says of a client that did not take our certificate, the first time and when it is passed through; `undefined`: nothing. */
export function trustNote(event: LarderEvent, environment: Environment): string | undefined {
  if (event.kind === 'trust-spliced') {
    const { tool, client, serverName, untilAt } = event
    const until = new Date(untilAt).toISOString()
    return `${nameOf(tool)} at ${client} refuses our certificate again and again: its https to ${serverName} passes through UNREAD AND UNCACHED until ${until} (--strict-trust: never). Fix: ${fixFor(tool, environment)}`
  }
  if (event.kind !== 'tls-refused' || event.tool === undefined || event.count !== 1) return undefined
  const { tool, client, serverName, reason } = event
  return `${nameOf(tool)} at ${client} refused our certificate for ${serverName} (${reason}). Fix: ${fixFor(tool, environment)}`
}

/** One line for a shell; larder env and larder doctor write the files that it names. */
export function fixFor(tool: string, environment: Environment): string {
  const folder = clientFolder(environment)
  const files = { bundle: join(folder, 'bundle.pem'), ca: join(folder, 'ca.pem') }
  return `${tool === 'unknown' ? 'client' : tool}: ${(toolNamed(tool)?.fix ?? generalFix)(files)}`
}

function nameOf(tool: string): string {
  return tool === 'unknown' ? 'a client' : tool
}
