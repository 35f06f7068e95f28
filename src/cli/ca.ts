import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeAuthority, makeSuccessor } from '../app/make-authority.ts'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import { loadSuccession, type Succession } from '../ca/succession.ts'
import { readSystemRoots } from '../ca/system-roots.ts'
import { describeAuthority, type ExportFormat, exportAuthority } from '../ca/trust-export.ts'
import { placeText, readTrusted } from '../ca/trust-record.ts'
import type { Settings } from '../config/settings.ts'
import { parseDuration } from '../config/units.ts'
import { untrustAll } from './ca-trust.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { factLines } from './status.ts'

const dayMs = 24 * 3_600_000
/** What lies in the folder of a CA, beside what people put there. */
const ownFiles = ['ca.key', 'ca.pem', 'rotated', 'trusted.json'] as const

/** `larder ca init`: makes the CA; nothing is added to any trust store. `ifMissing`: one that is there is fine. */
export const initCa: Command<[onlyHosts: readonly string[], ifMissing: boolean]> = (context, onlyHosts, ifMissing) => {
  const { settings } = settingsOf(context)
  if (!ifMissing || !existsSync(join(settings.caFolder, 'ca.pem'))) makeAuthority(settings, onlyHosts)
  show(context, settings, successionOf(settings))
  return exitCodes.done
}

/** `larder ca show`: what the CA is, never its key. */
export const showCa: Command = (context) => {
  const { settings } = settingsOf(context)
  show(context, settings, successionOf(settings))
  return exitCodes.done
}

/** `larder ca export`: the certificate for tools and trust stores, to `file` or standard output. */
export const exportCa: Command<[format: ExportFormat, file: string | undefined]> = async (context, format, file) => {
  const { settings } = settingsOf(context)
  const { issuing, trustedPem } = successionOf(settings)
  const systemRoots = format === 'pem' || format === 'der' ? '' : readSystemRoots().pem
  const bytes = exportAuthority(format, { authority: issuing, trustedPem, systemRoots, at: systemClock.now() })
  if (file === undefined || file === '-') await context.terminal.printBytes(bytes)
  else writeFileSync(file, bytes, { mode: 0o644 })
  return exitCodes.done
}

/** `larder ca rotate`: a new CA that takes over at a moment; the old one stays trusted until its end. */
export const rotateCa: Command<[from: string, onlyHosts: readonly string[]]> = (context, from, onlyHosts) => {
  const { settings } = settingsOf(context)
  const fromAt = momentOf(from)
  const succession = makeSuccessor(settings, fromAt, onlyHosts)
  show(context, settings, succession)
  context.terminal.note(
    `larder: restart the daemon now, so that it hands out both; from ${new Date(fromAt).toISOString()} on the new one issues.`,
  )
  if (readTrusted(settings.caFolder).length > 0)
    context.terminal.note('larder: let the same stores trust it: larder ca trust')
  return exitCodes.done
}

/** `larder ca remove`: undoes `trust` everywhere, then removes the CA and its keys. */
export const removeCa: Command = async (context) => {
  const { settings } = settingsOf(context)
  const code = await untrustAll(context, settings, undefined)
  if (code !== exitCodes.done) return code
  for (const name of ownFiles) rmSync(join(settings.caFolder, name), { recursive: true, force: true })
  context.terminal.note(
    `larder: the CA in ${settings.caFolder} is removed; a running daemon has it until it is restarted.`,
  )
  return exitCodes.done
}

export function successionOf({ caFolder }: Settings): Succession {
  return loadSuccession({ folder: caFolder, clock: systemClock })
}

function show({ json, terminal }: CommandContext, { caFolder }: Settings, { issuing, successor }: Succession): void {
  const daysLeft = Math.floor((issuing.notAfterAt - systemClock.now()) / dayMs)
  const trustedBy = readTrusted(caFolder).map(placeText)
  const next = successor && {
    from: new Date(successor.fromAt).toISOString(),
    ...describeAuthority(successor.authority),
  }
  const facts = { ...describeAuthority(issuing), daysLeft, trustedBy }
  if (json) terminal.printJson({ ...facts, ...(next && { next }) })
  else {
    terminal.print(factLines(facts))
    if (next !== undefined) terminal.print(`\nThe CA that follows:\n${factLines(next)}`)
  }
}

/** `now`, a duration from now such as `7d`, or a date in ISO 8601. Milliseconds since the epoch. */
function momentOf(text: string): number {
  const now = systemClock.now()
  if (text === 'now') return now
  const later = parseDuration(text)
  const at = later === undefined && /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : now + (later ?? Number.NaN)
  if (!Number.isNaN(at)) return at
  throw new Fault('CONFIG_BAD_VALUE', `--from ${JSON.stringify(text)} is no moment: now, 7d, or 2026-12-01T08:00:00Z`)
}
