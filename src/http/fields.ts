/**
 * The fields of a message as they came: names and values alternate, case, order and repetitions kept
 * (the shape of Node's `rawHeaders`). RFC 9110 section 5.
 */
export type RawFields = readonly string[]

const maxDerivedCount = 16

/** Fields with look-up by lower-case name; repeated fields are joined with ", " (RFC 9110 section 5.3). */
export class Fields {
  readonly raw: RawFields
  /** The lower-case names, in the order of the fields: few enough to be looked through faster than a map is made. */
  #names: string[] | undefined
  #derived: Map<string, string> | undefined

  constructor(raw: RawFields) {
    this.raw = raw
  }

  /** The value of the field called `name` (lower case), or `undefined`. */
  get(name: string): string | undefined {
    const { raw } = this
    const names = (this.#names ??= namesOf(raw))
    const first = names.indexOf(name)
    if (first < 0) return undefined
    let value = raw[2 * first + 1]!
    for (let i = names.indexOf(name, first + 1); i >= 0; i = names.indexOf(name, i + 1)) value += `, ${raw[2 * i + 1]!}`
    return value
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** What `derive` makes of the field called `name`, made once; a name is always given with the same `derive`. */
  derived(name: string, derive: (name: string, value: string | undefined) => string): string {
    const before = this.#derived?.get(name)
    if (before !== undefined) return before
    const made = derive(name, this.get(name))
    this.#derived ??= new Map()
    // Some fields live long, and an origin chooses the names: those are few, or not worth keeping.
    if (this.#derived.size < maxDerivedCount) this.#derived.set(name, made)
    return made
  }
}

/** Is there a field called `name` (lower case)? For who asks nothing else of them. */
export function hasField(raw: RawFields, name: string): boolean {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]!.length === name.length && raw[i]!.toLowerCase() === name) return true
  }
  return false
}

function namesOf(raw: RawFields): string[] {
  const names = new Array<string>(raw.length >> 1)
  for (let i = 0; i < names.length; i++) names[i] = raw[2 * i]!.toLowerCase()
  return names
}
