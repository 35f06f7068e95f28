import { Fields, type RawFields } from '../http/fields.ts'

/** Fields that must say of a HEAD what they say of the stored response, where they are there at all. */
const validators = ['etag', 'last-modified', 'content-encoding', 'content-md5']

/**
 * Does a 200 to HEAD speak of the stored representation, so that its fields make the stored response fresh? Otherwise the stored one
 * is out of date (RFC 9111 section 4.3.5). `sizeBytes`: length of the stored content.
 */
export function headConfirms(stored: RawFields, sizeBytes: number, head: RawFields): boolean {
  const [before, now] = [new Fields(stored), new Fields(head)]
  const length = now.get('content-length')
  if (length !== undefined && Number(length) !== sizeBytes) return false
  return validators.every((name) => !now.has(name) || now.get(name) === before.get(name))
}
