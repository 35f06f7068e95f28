/** What every certificate of ours looks like (CORRECTNESS section 6, RFC 5280). `certs/profile.json` says it again for the lint. */

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export const profile = {
  curve: 'prime256v1',
  digest: 'sha256',
  /** How far `notBefore` lies in the past, for clients whose clock is slow. */
  backdatedMs: dayMs,
  /** From `notBefore` to `notAfter`, both included (RFC 5280 section 4.1.2.5). */
  rootLifeMs: 730 * dayMs,
  leafLifeMs: 7 * dayMs,
  /** Share of a leaf's remaining life after which the next one is issued. */
  reissueAfterRatio: 2 / 3,
  /** Random bytes of a serial number, behind one byte that keeps it positive. */
  serialRandomBytes: 16,
  keyIdentifierBytes: 20,
  /** A common name longer than this is left out of a leaf (X.520 allows 64). */
  leafCommonNameCharacters: 63,
  rootCommonNameCharacters: 64,
} as const
