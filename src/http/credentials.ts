import type { Fields } from './fields.ts'

/** Names of fields with which servers let somebody in, beside the standard ones: `X-JFrog-Art-Api`, `PRIVATE-TOKEN`, `X-Api-Key`. */
const credential = /^(?:authorization|cookie2?|x-auth.*)$|token|api-?key|art-api|secret|passw|credential|signature/i

/** Does the request hold something that may make the answer meant for its sender alone? */
export function bearsCredentials({ raw }: Fields): boolean {
  for (let i = 0; i + 1 < raw.length; i += 2) if (credential.test(raw[i]!)) return true
  return false
}
