const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const month = `(${months.join('|')})`
const monthStarts = months.join('')
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const msOf400Years = 146_097 * 86_400_000
const zero = 48
const time = '(\\d{2}):(\\d{2}):(\\d{2})'
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'

const imfFixdate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/
const rfc850 = new RegExp(`^${longDay}, (\\d{2})-${month}-(\\d{2}) ${time} GMT$`)
const asctime = new RegExp(`^${shortDay} ${month} ([ \\d]\\d) ${time} (\\d{4})$`)

/** Without a clock at hand, two-digit years from here on are of the last century. */
const centuryPivot = 70

/**
 * An HTTP-date in any of its three forms as milliseconds since the epoch, `undefined` when it is none (RFC 9110 section
 * 5.6.7). `nowMs` decides the century of a two-digit year: never more than 50 years ahead.
 */
export function parseHttpDate(text: string, nowMs?: number): number | undefined {
  if (imfFixdate.test(text)) return fromFixdate(text)
  let parts = rfc850.exec(text)
  if (parts !== null) return fromShortYear(Number(parts[3]), parts[2]!, parts[1]!, parts.slice(4), nowMs)
  parts = asctime.exec(text)
  if (parts !== null) return fromParts(Number(parts[6]), parts[1]!, parts[2]!, parts.slice(3, 6))
  return undefined
}

/** `ms` since the epoch as IMF-fixdate, in whole seconds (RFC 9110 section 5.6.7). */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/** Every part has its place. Most dates have this form, and each response has several: nothing is made on the way but the number. */
function fromFixdate(text: string): number | undefined {
  const month = monthStarts.indexOf(text.slice(8, 11)) / 3
  return fromNumbers(
    digits(text, 12, 16),
    month,
    digits(text, 5, 7),
    digits(text, 17, 19),
    digits(text, 20, 22),
    digits(text, 23, 25),
  )
}

function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + text.charCodeAt(i) - zero
  return value
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
  return fromNumbers(year, months.indexOf(monthName), Number(day), hours, minutes, seconds)
}

function fromNumbers(
  year: number,
  month: number,
  day: number,
  hours: number,
  minutes: number,
  seconds: number,
): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined
  if (day < 1 || day > daysOf(year, month)) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; 400 years on, the calendar is the same.
  if (year < 100) return Date.UTC(year + 400, month, day, hours, minutes, seconds) - msOf400Years
  return Date.UTC(year, month, day, hours, minutes, seconds)
}

function daysOf(year: number, month: number): number {
  if (month !== 1) return monthDays[month]!
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}
