import { type Hash64, HashSlots } from './hash-slots.ts'
import { Bundle, hashesIn, type StoredBundle } from './record-bundle.ts'

/**
 * Of bundles, newest first, the records that no newer entry removed, newest first, page by page, one for each bundle. Of a key that was
 * written again there may be several: the first one counts. A bundle that is not whole is left out; what its hashes name is not
 * known any more, and older entries of that do not count either.
 */
export function* recordsThatCount(
  bundles: Iterable<StoredBundle>,
): Iterable<readonly (readonly [key: string, value: string])[]> {
  const overruled = new HashSlots()
  const overrule = (hash: Hash64): void => {
    if (!overruled.has(hash)) overruled.add(hash)
  }
  for (const stored of bundles) {
    const bundle = Bundle.open(stored)
    const page: (readonly [key: string, value: string])[] = []
    if (bundle === undefined) hashesIn(stored.hashes).forEach(overrule)
    for (let number = (bundle?.count ?? 0) - 1; number >= 0; number--) {
      const hash = bundle!.hashAt(number)
      if (overruled.has(hash)) continue
      const { key, value } = bundle!.at(number)
      if (value === undefined) overrule(hash)
      else page.push([key, value])
    }
    yield page
  }
}
