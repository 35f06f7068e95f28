import type { BlobDamage } from '../base/events.ts'
import type { FileFacts } from './disk.ts'

const writableByOthers = 0o022
const special = 0o7000
const readableByOwner = 0o400

/** Whose files are trusted: this process's own, root's, and those of the data folder's owner. */
export type Owners = ReadonlySet<number>

/** What speaks against serving a blob from this file; `undefined`: nothing does, as far as its facts tell. */
export function damageOf(
  facts: FileFacts,
  sizeBytes: number | undefined,
  owners: Owners,
): [BlobDamage, string] | undefined {
  if (!facts.isFile) return ['kind', 'not a regular file']
  if (!owners.has(facts.ownerId)) return ['access', `belongs to user ${facts.ownerId}`]
  const { mode } = facts
  if ((mode & (writableByOthers | special)) !== 0 || (mode & readableByOwner) === 0) {
    return ['access', `has the permissions ${mode.toString(8).padStart(4, '0')}`]
  }
  if (sizeBytes !== undefined && facts.sizeBytes !== sizeBytes) {
    return ['size', `has ${facts.sizeBytes} bytes, not ${sizeBytes}`]
  }
  return undefined
}
