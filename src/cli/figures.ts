import type { TotalsSnapshot } from '../observe/totals.ts'

const binaryStep = 1024
const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 MiB`: for people, not for parsing. */
export function roughSize(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (amount >= binaryStep && unit < sizeUnits.length - 1) {
    amount /= binaryStep
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${sizeUnits[unit]}`
}

/** `2.5 s` */
export function roughSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** `a 2, b 1`, the most frequent first. */
export function countList(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/** What was added between two snapshots of one daemon. */
export function difference(after: TotalsSnapshot, before: TotalsSnapshot): TotalsSnapshot {
  return { ...after, ...subtract(after, before) }
}

type Figures = { readonly [name: string]: number | Figures | undefined }

function subtract(after: object, before: object): Figures {
  const earlier = before as Figures
  return Object.fromEntries(
    Object.entries(after as Figures).map(([name, value]) => {
      const old = Object.hasOwn(earlier, name) ? earlier[name] : undefined
      if (typeof value === 'number') return [name, value - (typeof old === 'number' ? old : 0)]
      return [name, subtract(value ?? {}, typeof old === 'object' ? old : {})]
    }),
  )
}

/** The figures in a few lines, for `stats` and at the end of `run`. */
export function figureLines(totals: TotalsSnapshot): string[] {
  const { exchanges, hits, misses, byResult, notStoredByReason, tunnels, tunnelsTo, faults, tlsRefused } = totals
  const lines = [
    `${exchanges} ${exchanges === 1 ? 'request' : 'requests'}: ${hits} from the cache, ${misses} asked of origins, ${tunnels} passed through`,
  ]
  if (exchanges > 0) lines.push(`results: ${countList(byResult)}`)
  const reasons = countList(notStoredByReason)
  if (reasons !== '') lines.push(`not stored: ${reasons}`)
  const { bytesFromStore, bytesFromOrigin, savedMs } = totals
  const bytes = `${roughSize(bytesFromStore)} from the cache, ${roughSize(bytesFromOrigin)} from origins`
  lines.push(`${bytes}, ${roughSeconds(savedMs)} of waiting saved`)
  if (countList(faults) !== '') lines.push(`faults: ${countList(faults)}`)
  if (tunnels > 0) lines.push(`what passed through in tunnels was not seen and not cached: ${countList(tunnelsTo)}`)
  if (countList(tlsRefused) !== '') lines.push(`clients did not trust our certificate for: ${countList(tlsRefused)}`)
  return lines
}

const dayHours = 24
const hourSeconds = 3600
const minuteSeconds = 60

/** `3 d`, `5 h`, `12 min`, `8 s` */
export function roughAge(seconds: number): string {
  const hours = Math.floor(seconds / hourSeconds)
  if (hours >= 2 * dayHours) return `${Math.floor(hours / dayHours)} d`
  if (hours >= 2) return `${hours} h`
  const minutes = Math.floor(seconds / minuteSeconds)
  return minutes >= 2 ? `${minutes} min` : `${Math.floor(seconds)} s`
}
