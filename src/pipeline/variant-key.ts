import { type SecondaryKey, secondaryKey } from '../http/vary.ts'
import type { Exchange } from './exchange.ts'

/**
 * The secondary key of a response to `exchange`: what its Vary and the class rule select by; not the codings of a client
 * whom we did not speak for. `Vary: *` selects nothing: such a response is validated with each use.
 */
export function variantKey(vary: string | undefined, exchange: Exchange): SecondaryKey {
  const names = [vary, ...(exchange.rule!.variesBy ?? [])]
  const key = secondaryKey(names.filter((name) => name !== undefined).join(', '), exchange.request.fields)
  if (key === 'star') return {}
  if (!exchange.uncoded) return key
  const { 'accept-encoding': _, ...others } = key
  return others
}
