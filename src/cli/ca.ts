import { writeFileSync } from 'node:fs'
import { makeAuthority } from '../app/make-authority.ts'
import { systemClock } from '../base/clock.ts'
import { loadAuthority } from '../ca/certificate-authority.ts'
import { readSystemRoots } from '../ca/system-roots.ts'
import { describeAuthority, type ExportFormat, exportAuthority } from '../ca/trust-export.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { factLines } from './status.ts'

/** `larder ca init`: makes the CA; nothing is added to any trust store. */
export const initCa: Command = (context) => {
  const { settings } = settingsOf(context)
  makeAuthority(settings)
  const description = describeAuthority(loadAuthority({ folder: settings.caFolder, clock: systemClock }))
  if (context.json) context.terminal.printJson(description)
  else context.terminal.print(factLines(description))
  return exitCodes.done
}

/** `larder ca show`: what the CA is, never its key. */
export const showCa: Command = (context) => {
  const { settings } = settingsOf(context)
  const description = describeAuthority(loadAuthority({ folder: settings.caFolder, clock: systemClock }))
  if (context.json) context.terminal.printJson(description)
  else context.terminal.print(factLines(description))
  return exitCodes.done
}

/** `larder ca export`: the certificate for tools and trust stores, to `file` or standard output. */
export const exportCa: Command<[format: ExportFormat, file: string | undefined]> = async (context, format, file) => {
  const { settings } = settingsOf(context)
  const authority = loadAuthority({ folder: settings.caFolder, clock: systemClock })
  const bytes = exportAuthority(authority, format, format === 'bundle' ? readSystemRoots().pem : '')
  if (file === undefined || file === '-') await context.terminal.printBytes(bytes)
  else writeFileSync(file, bytes, { mode: 0o644 })
  return exitCodes.done
}
