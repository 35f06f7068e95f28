const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const month = `(${months.join('|')})`
const time = '(\\d{2}):(\\d{2}):(\\d{2})'
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'

const imfFixdate = new RegExp(`^${shortDay}, (\\d{2}) ${month} (\\d{4}) ${time} GMT$`)
const rfc850 = new RegExp(`^${longDay}, (\\d{2})-${month}-(\\d{2}) ${time} GMT$`)
const asctime = new RegExp(`^${shortDay} ${month} ([ \\d]\\d) ${time} (\\d{4})$`)

/** Without a clock at hand, two-digit years from here on are of the last century. */
const centuryPivot = 70

/**
 * An HTTP-date in any of its three forms as milliseconds since the epoch, `undefined` when it is none (RFC 9110 section
 * 5.6.7). `nowMs` decides the century of a two-digit year: never more than 50 years ahead.
 */
export function parseHttpDate(text: string, nowMs?: number): number | undefined {
  let parts = imfFixdate.exec(text)
  if (parts !== null) return fromParts(Number(parts[3]), parts[2]!, parts[1]!, parts.slice(4))
  parts = rfc850.exec(text)
  if (parts !== null) return fromShortYear(Number(parts[3]), parts[2]!, parts[1]!, parts.slice(4), nowMs)
  parts = asctime.exec(text)
  if (parts !== null) return fromParts(Number(parts[6]), parts[1]!, parts[2]!, parts.slice(3, 6))
  return undefined
}

/** `ms` since the epoch as IMF-fixdate, in whole seconds (RFC 9110 section 5.6.7). */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/** The century is this one, or the last when that would be more than 50 years ahead. */
function fromShortYear(
  twoDigits: number,
  monthName: string,
  day: string,
  clock: readonly string[],
  nowMs: number | undefined,
): number | undefined {
  const inCentury = (century: number): number | undefined => fromParts(century + twoDigits, monthName, day, clock)
  if (nowMs === undefined) return inCentury(twoDigits < centuryPivot ? 2000 : 1900)
  const limit = new Date(nowMs)
  const thisYear = limit.getUTCFullYear()
  limit.setUTCFullYear(thisYear + 50)
  const at = inCentury(thisYear - (thisYear % 100))
  return at !== undefined && at > limit.getTime() ? inCentury(thisYear - (thisYear % 100) - 100) : at
}

function fromParts(year: number, monthName: string, day: string, clock: readonly string[]): number | undefined {
  const [hours, minutes, seconds] = clock.map(Number) as [number, number, number]
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined
  const date = new Date(0)
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, months.indexOf(monthName), Number(day))
  if (date.getUTCDate() !== Number(day)) return undefined
  return date.setUTCHours(hours, minutes, seconds)
}
