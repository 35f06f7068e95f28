/** The raw value of a query parameter; `undefined`: it is not there. */
export type ParameterOf = (name: string) => string | undefined
/** When a signature ends, in milliseconds since the epoch; `undefined` when the URL does not say so. */
export type Expiry = (parameter: ParameterOf) => number | undefined

const compactDate = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** A parameter with seconds since the epoch. */
export const epochIn =
  (name: string): Expiry =>
  (parameter) =>
    epochMs(parameter(name))

/** A parameter with the time of signing, another with the seconds that it holds. */
export const dateAndSeconds =
  (date: string, seconds: string): Expiry =>
  (parameter) => {
    const signedAt = compactMs(parameter(date))
    const life = parameter(seconds)
    if (signedAt === undefined || life === undefined || !/^\d{1,9}$/.test(life)) return undefined
    return signedAt + Number(life) * 1000
  }

/** A parameter with a date of ISO 8601. */
export const isoIn =
  (name: string): Expiry =>
  (parameter) => {
    const text = decoded(parameter(name))
    if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined
    const at = Date.parse(text)
    return Number.isNaN(at) ? undefined : at
  }

/** The claim `exp` of a JSON web token. */
export const tokenIn =
  (name: string): Expiry =>
  (parameter) => {
    const claims = jsonOf(parameter(name)?.split('.')[1])
    return epochMs(memberOf(claims, 'exp'))
  }

/** A policy of CloudFront: JSON in their own base64. */
export const cloudFrontPolicy: Expiry = (parameter) => {
  const base64 = parameter('Policy')?.replace(/[-_~]/g, (sign) => ({ '-': '+', _: '=', '~': '/' })[sign]!)
  const statement = memberOf(memberOf(jsonOf(base64), 'Statement'), '0')
  const limit = memberOf(memberOf(statement, 'Condition'), 'DateLessThan')
  return epochMs(memberOf(limit, 'AWS:EpochTime'))
}

/** Seconds since the epoch within a parameter's value, as the first group of `pattern`. */
export const epochWithin =
  (name: string, pattern: RegExp): Expiry =>
  (parameter) =>
    epochMs(pattern.exec(decoded(parameter(name)) ?? '')?.[1])

/** The earliest that any of `expiries` knows. */
export const earliest =
  (...expiries: readonly Expiry[]): Expiry =>
  (parameter) => {
    const known = expiries.map((expiry) => expiry(parameter)).filter((at) => at !== undefined)
    return known.length === 0 ? undefined : Math.min(...known)
  }

function epochMs(value: unknown): number | undefined {
  return /^\d{9,11}$/.test(String(value)) ? Number(value) * 1000 : undefined
}

function compactMs(text: string | undefined): number | undefined {
  const parts = compactDate.exec(text ?? '')
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour, minute, second] = parts.slice(1).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function jsonOf(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as { readonly [name: string]: unknown })[name]
}
