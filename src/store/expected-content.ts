import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'

/** What a commit must find; what is absent is not checked. */
export interface ExpectedContent {
  readonly sizeBytes?: number
  readonly digest?: Digest
}

/** Throws `ORIGIN_TRUNCATED` or `CONTENT_DIGEST_MISMATCH` when the content is not the expected one. */
export function checkContent(expected: ExpectedContent, sizeBytes: number, digest: Digest): void {
  if (expected.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes) {
    throw new Fault('ORIGIN_TRUNCATED', `${sizeBytes} bytes came, ${expected.sizeBytes} were announced`)
  }
  if (expected.digest !== undefined && expected.digest !== digest) {
    throw new Fault('CONTENT_DIGEST_MISMATCH', `the content is sha256-${digest}, not sha256-${expected.digest}`)
  }
}
