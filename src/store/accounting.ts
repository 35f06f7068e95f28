/** What storing costs on the disk, in bytes, rounded up: the quota counts what `du` would. */

/** A block of the filesystems that matter. */
export const blockBytes = 4096
/** A page of SQLite, and what of it content beyond the first page of a row can fill. */
export const pageBytes = 4096
const pageContentBytes = 4092
/** What a row costs beside its content: its header, its place in the index, room that pages leave empty. */
const rowBytes = 320
/** Rows above this share no page. */
const mostSharingBytes = 900
/** A usual record of the index. */
export const recordBytes = 2048
/** SHA-256 of each MiB may stand beside a blob. */
const bytesPerDigest = 32 / 2 ** 20

/** A blob in a file of its own: whole blocks, and one for its folder's entry and for digests of its chunks. */
export function fileBytes(sizeBytes: number): number {
  return Math.ceil((sizeBytes + sizeBytes * bytesPerDigest) / blockBytes) * blockBytes + blockBytes
}

/** A small blob as a row. */
export function rowBytesOf(sizeBytes: number): number {
  if (sizeBytes <= mostSharingBytes) return sizeBytes * 2 + rowBytes
  return (Math.ceil(sizeBytes / pageContentBytes) + 1) * pageBytes + rowBytes
}
