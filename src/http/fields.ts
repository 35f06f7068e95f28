/**
 * The fields of a message as they came: names and values alternate, case, order and repetitions kept
 * (the shape of Node's `rawHeaders`). RFC 9110 section 5.
 */
export type RawFields = readonly string[]

const maxDerivedCount = 16

/** Fields with look-up by lower-case name; repeated fields are joined with ", " (RFC 9110 section 5.3). */
export class Fields {
  readonly raw: RawFields
  #byName: Map<string, string> | undefined
  #derived: Map<string, string> | undefined

  constructor(raw: RawFields) {
    this.raw = raw
  }

  /** The value of the field called `name` (lower case), or `undefined`. */
  get(name: string): string | undefined {
    return (this.#byName ??= indexed(this.raw)).get(name)
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

function indexed(raw: RawFields): Map<string, string> {
  const byName = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const before = byName.get(name)
    byName.set(name, before === undefined ? raw[i + 1]! : `${before}, ${raw[i + 1]!}`)
  }
  return byName
}
