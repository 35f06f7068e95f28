import { immutable, type RulePattern, revalidate, row } from './class-rule.ts'
import { isRolling } from './rolling.ts'

const checksum = /\.(?:md5|sha1|sha256|sha512|asc)$/
/** At least `1.2`, or a date: `/lib/3/lib-3.js` is an alias that moves. */
const fixedVersion = /\d[._]\d|\d{6}/
const snapshot = '-SNAPSHOT'

/** The last three segments of a repository path: artifact, version, file. */
interface Coordinates {
  readonly artifact: string
  readonly version: string
  readonly file: string
}

/** Maven repositories: the forms that mean the same on any host. */
export const mavenRules: readonly RulePattern[] = [
  row(
    revalidate('maven.snapshot-metadata', 60, 30),
    '-SNAPSHOT/maven-metadata',
    /-SNAPSHOT\/maven-metadata[^/]*\.xml(?:\.(?:md5|sha1|sha256|sha512))?$/,
  ),
  row(
    revalidate('maven.metadata', 300, 60),
    '/maven-metadata',
    /\/maven-metadata[^/]*\.xml(?:\.(?:md5|sha1|sha256|sha512))?$/,
  ),
  { rule: immutable('maven.snapshot-unique', 60), hint: '-SNAPSHOT/', matches: isUniqueSnapshot },
  row(revalidate('maven.snapshot', 60, 30), '-SNAPSHOT/', /\/[^/]+\/[^/]+\/[^/]+-SNAPSHOT\/[^/]+$/),
  {
    rule: immutable('maven.checksum', 3600),
    hint: '',
    matches: (path) => checksum.test(path) && isRelease(path),
  },
  { rule: immutable('maven.release', 600), hint: '', matches: isRelease },
  row(immutable('maven.index-chunk', 0), '/.index/', /\/\.index\/nexus-maven-repository-index\.\d+\.gz$/),
  row(
    revalidate('maven.index', 3600, 0),
    '/.index/',
    /\/\.index\/nexus-maven-repository-index\.(?:gz|properties|zip)(?:\.(?:md5|sha1))?$/,
  ),
  row(revalidate('maven.index', 3600, 0), '/archetype-catalog.xml', /\/archetype-catalog\.xml(?:\.(?:md5|sha1))?$/),
]

/** `…/group/artifact/version/artifact-version[-classifier].extension`: the repeated names make it unmistakable. */
function isRelease(path: string): boolean {
  const found = coordinates(path)
  if (found === undefined) return false
  const { artifact, version, file } = found
  const stem = `${artifact}-${version}`
  if (!file.startsWith(stem) || !/^[.-]./.test(file.slice(stem.length))) return false
  return fixedVersion.test(version) && !isRolling(version) && !version.endsWith(snapshot)
}

/** A snapshot's file with the time of its build in the name. */
function isUniqueSnapshot(path: string): boolean {
  const found = coordinates(path)
  if (found === undefined) return false
  const { artifact, version, file } = found
  const stem = `${artifact}-${version.slice(0, -snapshot.length)}-`
  return version.endsWith(snapshot) && file.startsWith(stem) && /^\d{8}\.\d{6}-\d+/.test(file.slice(stem.length))
}

/** `undefined` when the path has fewer than four segments: there is always a group. */
function coordinates(path: string): Coordinates | undefined {
  const third = path.lastIndexOf('/')
  const second = path.lastIndexOf('/', third - 1)
  if (second < 1 || third === path.length - 1) return undefined
  const first = path.lastIndexOf('/', second - 1)
  if (first < 1 || first + 1 === second || second + 1 === third) return undefined
  return {
    artifact: path.slice(first + 1, second),
    version: path.slice(second + 1, third),
    file: path.slice(third + 1),
  }
}
