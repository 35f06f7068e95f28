import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../base/faults.ts'

/** One place that was made to trust the CA, as far as it takes to undo that. Paths are absolute. */
export type TrustedPlace =
  /** A file of its own for the system's updater, which is run again. */
  | { readonly kind: 'anchor'; readonly root: string; readonly file: string; readonly updater: string }
  /** A bundle that the certificate was added to. */
  | { readonly kind: 'bundle'; readonly file: string; readonly pem: string }
  /** A database of NSS. */
  | { readonly kind: 'nss'; readonly folder: string; readonly nickname: string }
  /** A trust store of Java. */
  | { readonly kind: 'java'; readonly file: string; readonly alias: string }

const fileName = 'trusted.json'
const mode = 0o600

/** What was made to trust the CA of `folder`, the oldest first. Throws `CA_UNREADABLE`. */
export function readTrusted(folder: string): readonly TrustedPlace[] {
  const path = join(folder, fileName)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new Fault('CA_UNREADABLE', `${path}: ${code}`)
  }
  try {
    const { places } = JSON.parse(text) as { places: unknown }
    if (Array.isArray(places)) return places as TrustedPlace[]
  } catch {
    // Said below.
  }
  throw new Fault('CA_UNREADABLE', `${path} is not what Larder wrote there`)
}

/** Keeps each place once. Written beside the file and put in its place. */
export function writeTrusted(folder: string, places: readonly TrustedPlace[]): void {
  const path = join(folder, fileName)
  if (places.length === 0) return rmSync(path, { force: true })
  const once = [...new Map(places.map((place) => [JSON.stringify(place), place])).values()]
  writeFileSync(`${path}.new`, `${JSON.stringify({ places: once }, null, 2)}\n`, { mode })
  renameSync(`${path}.new`, path)
}

/** A sentence for people. */
export function placeText(place: TrustedPlace): string {
  switch (place.kind) {
    case 'anchor':
      return `${place.file}, by ${place.updater}${place.root === '/' ? '' : ` in ${place.root}`}`
    case 'bundle':
      return `${place.file}, added at its end`
    case 'nss':
      return `NSS database ${place.folder}, as ${JSON.stringify(place.nickname)}`
    case 'java':
      return `Java trust store ${place.file}, as ${place.alias}`
  }
}

/** What undoes it by hand. */
export function undoText(place: TrustedPlace): string {
  switch (place.kind) {
    case 'anchor':
      return `rm ${place.file} && ${place.root === '/' ? '' : `chroot ${place.root} `}${place.updater}`
    case 'bundle':
      return `remove our certificate from ${place.file}`
    case 'nss':
      return `certutil -d sql:${place.folder} -D -n '${place.nickname}'`
    case 'java':
      return `keytool -delete -keystore ${place.file} -storepass changeit -alias ${place.alias}`
  }
}
