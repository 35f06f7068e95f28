import { parseHttpDate } from '../../../../src/http/http-date.ts'
import type { Facts } from './row.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const row = (says: string, given: string, expect: string | undefined, rfc = '9110 section 5.6.7') => ({
  rfc,
  says,
  given,
  expect,
})

/** What is expected is written as ISO 8601, `undefined` for what is no date. */
export const dates: Facts<string, string | undefined> = {
  about: 'Dates, read on 2 January 2026',
  of: (text) => {
    const at = parseHttpDate(text, now)
    return at === undefined ? undefined : new Date(at).toISOString().replace('.000Z', 'Z')
  },
  rows: [
    row('the fixed form', 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'),
    row('the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'),
    row('the form of asctime', 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'),
    row('a two-digit year of this century', 'Friday, 02-Jan-26 03:04:05 GMT', '2026-01-02T03:04:05Z'),
    row('a two-digit year just under 50 years ahead', 'Thursday, 02-Jan-76 03:04:05 GMT', '2076-01-02T03:04:05Z'),
    row('a two-digit year more than 50 years ahead is past', 'Friday, 02-Jan-76 03:04:06 GMT', '1976-01-02T03:04:06Z'),
    row('a two-digit year of the last century', 'Friday, 31-Dec-99 23:59:59 GMT', '1999-12-31T23:59:59Z'),
    row('a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'),
    row('a leap day', 'Thu, 29 Feb 2024 00:00:00 GMT', '2024-02-29T00:00:00Z'),
    row('a leap day in a year that has none', 'Sat, 29 Feb 2025 00:00:00 GMT', undefined),
    row('a wrong day of the week is not looked at', 'Mon, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'),
    row('a year far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT', '9999-12-31T23:59:59Z'),
    row('a year before all clocks', 'Sun, 06 Nov 0001 08:49:37 GMT', '0001-11-06T08:49:37Z'),
    row('nothing', '', undefined, '9111 section 5.3'),
    row('0', '0', undefined, '9111 section 5.3'),
    row('seconds of the epoch', '1767323045', undefined),
    row('no zone', 'Sun, 06 Nov 1994 08:49:37', undefined),
    row('zone UTC', 'Sun, 06 Nov 1994 08:49:37 UTC', undefined),
    row('zone +0000', 'Sun, 06 Nov 1994 08:49:37 +0000', undefined),
    row('zone -0000', 'Sun, 06 Nov 1994 08:49:37 -0000', undefined),
    row('another zone', 'Sun, 06 Nov 1994 08:49:37 EST', undefined),
    row('lower case', 'sun, 06 nov 1994 08:49:37 gmt', undefined),
    row('a day of one digit', 'Sun, 6 Nov 1994 08:49:37 GMT', undefined),
    row('an hour of one digit', 'Sun, 06 Nov 1994 8:49:37 GMT', undefined),
    row('hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT', undefined),
    row('minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT', undefined),
    row('second 61', 'Sun, 06 Nov 1994 08:49:61 GMT', undefined),
    row('day 31 of a month of 30', 'Sun, 31 Nov 1994 08:49:37 GMT', undefined),
    row('day 0', 'Sun, 00 Nov 1994 08:49:37 GMT', undefined),
    row('a month that is none', 'Sun, 06 Nob 1994 08:49:37 GMT', undefined),
    row('a five-digit year', 'Sun, 06 Nov 19940 08:49:37 GMT', undefined),
    row('hyphens in the fixed form', 'Sun, 06-Nov-1994 08:49:37 GMT', undefined),
    row('two blanks', 'Sun,  06 Nov 1994 08:49:37 GMT', undefined),
    row('without the day of the week', '06 Nov 1994 08:49:37 GMT', undefined),
    row('ISO 8601', '1994-11-06T08:49:37Z', undefined),
    row('two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', undefined),
    row('asctime with a zone', 'Sun Nov  6 08:49:37 1994 GMT', undefined),
  ],
}
