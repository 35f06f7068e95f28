/** Configuration text carries units; they are converted here, once, to milliseconds and bytes. */

type Unit = readonly [name: string, factor: number]

const durationUnits: readonly Unit[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** Binary units print; decimal ones are understood as well. */
const binaryUnits: readonly Unit[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
]
const decimalUnits: readonly Unit[] = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
]

/** The longest duration that a timer of Node can hold, in milliseconds. */
export const longestDurationMs = 2 ** 31 - 1

/** `30s`, `500ms`, `1.5h` as milliseconds, at least 1; `undefined` when `text` is no such duration. */
export function parseDuration(text: string): number | undefined {
  const ms = parseAmount(text, durationUnits)
  return ms !== undefined && ms <= longestDurationMs ? ms : undefined
}

/** As `parseDuration`, for an age: as long as it likes. */
export function parseAge(text: string): number | undefined {
  return parseAmount(text, durationUnits)
}

/** The shortest text that `parseDuration` turns into `ms`. */
export function formatDuration(ms: number): string {
  return formatAmount(ms, durationUnits)
}

/** `256MiB`, `20GiB`, `1.5GB` as bytes, at least 1; `undefined` when `text` is no such size. */
export function parseSize(text: string): number | undefined {
  return parseAmount(text, [...binaryUnits, ...decimalUnits])
}

/** The shortest text in binary units that `parseSize` turns into `bytes`. */
export function formatSize(bytes: number): string {
  return formatAmount(bytes, binaryUnits)
}

/** `0.8` or `80%` as 0.8, above 0 and at most 1; `undefined` when `text` is no such share. */
export function parseFraction(text: string): number | undefined {
  const share = /^(?:0?\.\d{1,4}|1|1\.0)$/.test(text) ? Number(text) : parseShare(text)
  return share !== undefined && share > 0 && share <= 1 ? share : undefined
}

const wholePercent = 100
const largestPercent = 1000

/** `50%` as 0.5, up to `1000%`; `undefined` when `text` is no such share. */
export function parseShare(text: string): number | undefined {
  const found = /^(\d{1,4}) ?%$/.exec(text)
  if (found === null || Number(found[1]) > largestPercent) return undefined
  return Number(found[1]) / wholePercent
}

/** The text that `parseShare` turns into `share`. */
export function formatShare(share: number): string {
  return `${Math.round(share * wholePercent)}%`
}

const rateUnits: readonly Unit[] = [
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]

/** `20/s`, `600/m`, `100/h` as a number a second, `none` as Infinity; `undefined` when `text` is no such rate. */
export function parseRate(text: string): number | undefined {
  if (text === 'none') return Infinity
  const found = /^(\d{1,6})\/([smh])$/.exec(text)
  if (found === null || Number(found[1]) === 0) return undefined
  return Number(found[1]) / rateUnits.find(([name]) => name === found[2])![1]
}

/** A text that `parseRate` turns into `perSecond`. */
export function formatRate(perSecond: number): string {
  if (perSecond === Infinity) return 'none'
  const [name, seconds] = rateUnits.find((unit) => Math.round(perSecond * unit[1]) / unit[1] === perSecond)!
  return `${Math.round(perSecond * seconds)}/${name}`
}

/** `10MiB/s` as bytes a second, `none` as Infinity; `undefined` when `text` is no such bandwidth. */
export function parseBandwidth(text: string): number | undefined {
  if (text === 'none') return Infinity
  return text.endsWith('/s') ? parseSize(text.slice(0, -'/s'.length)) : undefined
}

/** The text that `parseBandwidth` turns into `bytesPerSecond`. */
export function formatBandwidth(bytesPerSecond: number): string {
  return bytesPerSecond === Infinity ? 'none' : `${formatSize(bytesPerSecond)}/s`
}

function parseAmount(text: string, units: readonly Unit[]): number | undefined {
  const found = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]+)$/.exec(text)
  if (found === null) return undefined
  const unit = units.find(([name]) => name === found[2])
  if (unit === undefined) return undefined
  const amount = Number(found[1]) * unit[1]
  return Number.isSafeInteger(amount) && amount > 0 ? amount : undefined
}

function formatAmount(amount: number, units: readonly Unit[]): string {
  const [name, factor] = units.find(([, factor]) => amount >= factor && amount % factor === 0) ?? units.at(-1)!
  return `${amount / factor}${name}`
}
