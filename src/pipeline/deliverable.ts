import type { Fields } from '../http/fields.ts'

/** A response that `deliver` can send: stored, or still being filled. */
export interface Deliverable {
  readonly status: number
  /** The stored fields, for conditions. */
  readonly fields: Fields
  /** Length of the content; `undefined` while a fill does not know it. */
  readonly sizeBytes: number | undefined
  /** The whole content, when it is in memory. */
  readonly content: Buffer | undefined
  /** Fields to send now: the stored ones with Age, Via and `cacheStatus`. */
  fieldsNow(nowMs: number, cacheStatus: string): string[]
}
