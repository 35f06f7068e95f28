import { isMap, isScalar, isSeq, type Node, type ParsedNode } from 'yaml'
import type { Fault } from '../base/faults.ts'
import { type SignatureFamilyName, signatureFamilyNames } from './signature-families.ts'
import type { UserMatch, UserRule } from './user-rules.ts'
import { valueKinds } from './value-kinds.ts'

/** Where in the file something stands, and how to say that it is wrong there. */
export interface Place {
  readonly originAt: (offset: number | undefined) => string
  readonly bad: (offset: number | undefined, reason: string) => Fault
}

/** The members of a rule, each with its node. */
type Members = ReadonlyMap<string, Node>

const memberNames = ['match', 'path', 'drop', 'keep', 'signed', 'public', 'fresh', 'fold', 'mirrors', 'missing']
const longestPattern = 500
const parameterName = /^[^&=#\s*]+\*?$/
const baseUrl = /^(https?|ftp):\/\/([A-Za-z0-9.-]+(?::\d{1,5})?)(\/[!"$->@-~]*)?$/

/** The value of `rules`: a list of mappings. Throws `CONFIG_BAD_VALUE` that names file, line, reason and what is expected. */
export function readUserRules(node: Node | null, place: Place): UserRule[] {
  if (!isSeq(node)) throw place.bad(node?.range?.[0], 'rules is no list; expected lines of the form - match: HOST')
  return node.items.map((item) => readRule(item as Node, place))
}

function readRule(node: Node, place: Place): UserRule {
  const offset = node.range?.[0]
  if (!isMap(node)) throw place.bad(offset, 'a rule is a mapping, such as match: HOST and drop: [NAME]')
  const members = membersOf(node, place)
  const rule: UserRule = {
    origin: place.originAt(offset),
    match: matchOf(members, place),
    drop: parameterNames('drop', members, place) ?? [],
    keep: parameterNames('keep', members, place),
    signed: familyOf(members, place),
    public: truthOf('public', members, place),
    fold: basesOf('fold', members, place),
    ...freshOf(members, place),
    ...mirrorsOf(members, place),
  }
  checkWhole(rule, members, offset, place)
  return rule
}

function membersOf(node: ParsedNode | Node, place: Place): Members {
  const members = new Map<string, Node>()
  if (!isMap(node)) return members
  for (const { key, value } of node.items) {
    const offset = (key as Node).range?.[0]
    const name = isScalar(key) ? String(key.value) : ''
    if (!memberNames.includes(name)) {
      throw place.bad(offset, `a rule has no ${name || 'such member'}; known are ${memberNames.join(', ')}`)
    }
    if (value === null) throw place.bad(offset, `${name} of a rule has no value`)
    members.set(name, value as Node)
  }
  return members
}

function checkWhole(rule: UserRule, members: Members, offset: number | undefined, { bad }: Place): void {
  const acts = ['drop', 'keep', 'signed', 'public', 'fresh'].filter((name) => members.has(name))
  if (rule.drop.length > 0 && rule.keep !== undefined) {
    throw bad(offset, 'a rule has both drop and keep; keep one of them: keep drops all that it does not name')
  }
  if (rule.match === undefined && acts.length > 0) {
    throw bad(offset, `a rule with ${acts[0]} must say for which URLs; add match: HOST or HOST/PATH`)
  }
  const named = ['fold', 'mirrors', 'match'].filter((name) => members.has(name))
  if (named.length > 1) {
    throw bad(offset, `${named[0]} names its URLs itself; remove ${named[1]}, or make two rules`)
  }
  if (members.has('missing') && rule.mirrors === undefined) throw bad(offset, 'missing goes with mirrors')
  if (acts.length === 0 && (named.length === 0 || rule.match !== undefined))
    throw bad(offset, 'a rule does nothing; add drop, keep, signed, fresh, fold or mirrors')
}

function matchOf(members: Members, place: Place): UserMatch | undefined {
  const node = members.get('match')
  const pathPattern = patternOf(members, place)
  if (node === undefined) {
    if (pathPattern === undefined) return undefined
    throw place.bad(members.get('path')?.range?.[0], 'path goes with match: HOST')
  }
  const text = textOf('match', node, place)
  const slash = text.indexOf('/')
  const host = valueKinds['host-pattern'].read(slash === -1 ? text : text.slice(0, slash), '.')
  if (host === undefined) {
    throw place.bad(
      node.range?.[0],
      `match is ${JSON.stringify(text)}, expected HOST, *.DOMAIN or HOST/PATH, without scheme and port`,
    )
  }
  return { host, pathPrefix: slash === -1 ? '/' : text.slice(slash), pathPattern }
}

function patternOf(members: Members, place: Place): RegExp | undefined {
  const node = members.get('path')
  if (node === undefined) return undefined
  const text = textOf('path', node, place)
  try {
    if (text.length <= longestPattern) return new RegExp(text)
  } catch {}
  throw place.bad(
    node.range?.[0],
    `path is ${JSON.stringify(text)}, expected a regular expression of at most ${longestPattern} characters`,
  )
}

function freshOf(members: Members, place: Place): { readonly freshSeconds?: number } {
  const node = members.get('fresh')
  if (node === undefined) return {}
  const text = textOf('fresh', node, place)
  const ms = valueKinds.duration.read(text, '.')
  if (ms !== undefined) return { freshSeconds: ms / 1000 }
  const { expected } = valueKinds.duration
  throw place.bad(node.range?.[0], `fresh is ${JSON.stringify(text)}, expected ${expected}`)
}

function parameterNames(member: 'drop' | 'keep', members: Members, place: Place): string[] | undefined {
  const node = members.get(member)
  if (node === undefined) return undefined
  const names = textsOf(member, node, place)
  const wrong = names.find((name) => !parameterName.test(name))
  if (wrong !== undefined) {
    throw place.bad(
      node.range?.[0],
      `${member} names ${JSON.stringify(wrong)}, expected names of query parameters, such as session or utm_*`,
    )
  }
  if (member === 'drop' && names.length === 0) throw place.bad(node.range?.[0], 'drop names no parameter')
  return names
}

function familyOf(members: Members, place: Place): SignatureFamilyName | undefined {
  const node = members.get('signed')
  if (node === undefined) return undefined
  const text = textOf('signed', node, place)
  const family = signatureFamilyNames.find((name) => name === text)
  if (family !== undefined) return family
  throw place.bad(
    node.range?.[0],
    `signed is ${JSON.stringify(text)}, expected one of ${signatureFamilyNames.join(', ')}`,
  )
}

function truthOf(member: 'public' | 'missing', members: Members, place: Place): boolean {
  const node = members.get(member)
  if (node === undefined) return false
  const text = textOf(member, node, place)
  if (text === 'true' || text === 'false') return text === 'true'
  throw place.bad(node.range?.[0], `${member} is ${JSON.stringify(text)}, expected true or false`)
}

function mirrorsOf(members: Members, place: Place): Pick<UserRule, 'mirrors'> {
  const bases = basesOf('mirrors', members, place)
  return bases.length === 0 ? {} : { mirrors: { bases, alsoMissing: truthOf('missing', members, place) } }
}

function basesOf(member: 'fold' | 'mirrors', members: Members, place: Place): string[] {
  const node = members.get(member)
  if (node === undefined) return []
  const offset = node.range?.[0]
  const bases = textsOf(member, node, place).map((text) => {
    const parts = baseUrl.exec(text)
    if (parts === null || !text.endsWith('/')) {
      throw place.bad(
        offset,
        `${member} names ${JSON.stringify(text)}, expected base URLs such as https://mirror.example.org/debian/`,
      )
    }
    return `${parts[1]}://${parts[2]!.toLowerCase()}${parts[3]}`
  })
  if (bases.length < 2) throw place.bad(offset, `${member} needs two base URLs or more`)
  // Whoever can change bytes on the way of one must not change what is asked for over the other.
  const schemes = new Set(bases.map((url) => url.slice(0, url.indexOf(':'))))
  if (schemes.size > 1)
    throw place.bad(offset, `${member} mixes ${[...schemes].join(' and ')}; name URLs of one scheme`)
  return bases
}

function textsOf(member: string, node: Node, place: Place): string[] {
  if (!isSeq(node)) return [textOf(member, node, place)]
  return node.items.map((item) => textOf(member, item as Node, place))
}

function textOf(member: string, node: Node, place: Place): string {
  if (isScalar(node) && String(node.value) !== '') return String(node.value)
  throw place.bad(node.range?.[0], `${member} of a rule has no value`)
}
