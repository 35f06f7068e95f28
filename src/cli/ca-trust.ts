import { resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { loadSuccession } from '../ca/succession.ts'
import { placeText, readTrusted, type TrustedPlace, undoText, writeTrusted } from '../ca/trust-record.ts'
import type { Settings } from '../config/settings.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { trustEverywhere, untrust } from './trust-places.ts'

/** `larder ca trust`: the system's store, NSS and Java trust the CA; says how to undo that. */
export const trustCa: Command<[root: string]> = async (context, root) => {
  const { environment, terminal } = context
  const { settings } = settingsOf(context)
  const { trustedPem } = loadSuccession({ folder: settings.caFolder, clock: systemClock })
  const record = (places: readonly TrustedPlace[]): void =>
    writeTrusted(settings.caFolder, [...readTrusted(settings.caFolder), ...places])
  const { places, remarks } = await trustEverywhere({ pem: trustedPem, root, environment }, record).catch(
    (error: unknown) => {
      throw notAllowed(error, root)
    },
  )
  const undo = `larder ca untrust${root === '/' ? '' : ` --root ${resolve(root)}`}`
  if (context.json) terminal.printJson({ trusted: places, undo, remarks })
  else {
    for (const place of places) terminal.print(`trusted by ${placeText(place)}\n`)
    if (places.length > 0)
      terminal.print(`\nUndo:  ${undo}\nor by hand:\n${places.map((one) => `  ${undoText(one)}\n`).join('')}`)
  }
  for (const remark of remarks) terminal.note(`larder: ${remark}`)
  if (places.length > 0 && root === '/')
    terminal.note('larder: programs that run already must be restarted to trust it')
  return places.length > 0 ? exitCodes.done : exitCodes.failed
}

/** `larder ca untrust`: undoes what `trust` did, below `root` alone when one is named. */
export const untrustCa: Command<[root: string | undefined]> = (context, root) =>
  untrustAll(context, settingsOf(context).settings, root)

/** What could not be undone stays recorded. */
export async function untrustAll(
  { environment, terminal }: CommandContext,
  { caFolder }: Settings,
  root: string | undefined,
): Promise<number> {
  const places = readTrusted(caFolder)
  const left: TrustedPlace[] = []
  for (const place of places) {
    if (root !== undefined && !isBelow(place, resolve(root))) left.push(place)
    else {
      try {
        await untrust(place, environment)
        terminal.print(`not trusted any more by ${placeText(place)}\n`)
      } catch (error) {
        left.push(place)
        const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
        terminal.note(`larder: still trusted by ${placeText(place)}: ${reason}\n  Undo it by hand: ${undoText(place)}`)
      }
    }
  }
  if (places.length > 0) writeTrusted(caFolder, left)
  else terminal.note('larder: nothing is recorded as trusting the CA')
  const failed = left.filter((place) => root === undefined || isBelow(place, resolve(root)))
  return failed.length > 0 ? exitCodes.failed : exitCodes.done
}

function isBelow(place: TrustedPlace, root: string): boolean {
  if (place.kind === 'anchor') return place.root === root
  const path = place.kind === 'nss' ? place.folder : place.file
  return path.startsWith(root === '/' ? root : `${root}/`)
}

function notAllowed(error: unknown, root: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return error
  const remedy = 'Run it as root with --ca-dir naming your CA, or use larder run, which needs no store.'
  return new CommandFailure(exitCodes.failed, `the store of ${root} cannot be written: ${message}`, remedy)
}
