/** Some names of fields, found in whatever case they come. Most others are told apart by their length, before any string is made. */
export class FieldNames {
  readonly #names: ReadonlySet<string>
  /** A bit for each length; the last is for all that are longer. */
  #lengths = 0

  /** `names` are lower case. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    for (const name of names) this.#lengths |= lengthBit(name)
  }

  has(name: string): boolean {
    return (this.#lengths & lengthBit(name)) !== 0 && this.#names.has(name.toLowerCase())
  }
}

function lengthBit(name: string): number {
  return 1 << Math.min(name.length, 31)
}

/** Fields that only the next recipient may see (RFC 9110 section 7.6.1) and those that frame a message. */
const hopByHop = new FieldNames([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Fields that Connection may never name: dropping them would change what the message means. All lower case. */
const neverNominated: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'cookie',
  'date',
  'etag',
  'expires',
  'host',
  'last-modified',
  'larder-expect-digest',
  'location',
  'pragma',
  'range',
  'set-cookie',
  'transfer-encoding',
  'vary',
  'via',
])

/** Does the field concern this connection alone, or the proxy itself? */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name) || (beginsWith(name, 'p') && name.toLowerCase().startsWith('proxy-'))
}

/** Is the first letter `letter` (lower case), in either case? Saves making a lower-case name of each field. */
export function beginsWith(name: string, letter: string): boolean {
  return (name.charCodeAt(0) | 0x20) === letter.charCodeAt(0)
}

/** May a Connection field name `name` (lower case)? */
export function mayBeNominated(name: string): boolean {
  return !(neverNominated.has(name) || name.startsWith('content-') || name.startsWith('if-'))
}
