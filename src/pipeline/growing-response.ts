import { Fields } from '../http/fields.ts'
import type { GrowingBlob } from '../store/growing-blob.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { codingsOf } from './cached-response.ts'
import type { Deliverable } from './deliverable.ts'
import { responseStem } from './response-stem.ts'

/** A response whose content is still coming from the origin; its leader and followers are all served from it. */
export class GrowingResponse implements Deliverable {
  /** What will be stored, but for the content's digest. */
  readonly head: StoredResponse
  readonly blob: GrowingBlob
  /** Length of what comes; of a part its own, while status and size are those of the whole. */
  readonly declaredBytes: number | undefined
  readonly fields: Fields
  readonly content = undefined
  readonly codings: readonly string[] | undefined

  constructor(head: StoredResponse, blob: GrowingBlob, declaredBytes: number | undefined) {
    this.head = head
    this.blob = blob
    this.declaredBytes = declaredBytes
    this.fields = new Fields(head.fields)
    this.codings = codingsOf(this.fields)
  }

  get status(): number {
    return this.head.part === undefined ? this.head.status : 200
  }

  get sizeBytes(): number | undefined {
    return (
      this.head.part?.sizeBytes ??
      this.declaredBytes ??
      (this.blob.state === 'complete' ? this.blob.sizeBytes : undefined)
    )
  }

  fieldsNow(_nowMs: number, cacheStatus: string): string[] {
    const fields = responseStem(this.head.fields, this.head.receivedAt, undefined, true)
    fields.push('Cache-Status', cacheStatus)
    return fields
  }
}
