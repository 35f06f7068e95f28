import { immutable, type RulePattern, revalidate, row, uncoded } from './class-rule.ts'
import { isRolling } from './rolling.ts'

/** apt writes `%2b` where other tools write `+`: one file. */
const decode = ['%2B', '%3A', '%7E']
/** All files of an archive: those that are large are compressed by name, and what is signed must arrive as it is. */
const fresh = (name: string, seconds: number, negativeSeconds = 0) =>
  uncoded(revalidate(name, seconds, negativeSeconds, decode))
const fixed = (name: string, negativeSeconds = 0) => immutable(name, negativeSeconds, decode)

const index =
  /\/dists\/.+\/(?:(?:Packages|Sources|Index|SHA\d+SUMS|MD5SUMS)|(?:Contents|Translation|Components|Commands|icons|CID-Index)-[^/]+?)(?:\.(?:gz|bz2|xz|lzma|zst|yml))*$/
const flatIndex = /\/(?:Packages|Sources)(?:\.(?:gz|bz2|xz|lzma|zst))?$/
const pool =
  /\/pool\/.+\.(?:deb|udeb|ddeb|dsc|changes|buildinfo|diff\.(?:gz|xz)|tar\.(?:gz|bz2|xz|lzma|zst)(?:\.(?:asc|sig))?)$/
const versioned =
  /\/[A-Za-z0-9][A-Za-z0-9+.-]+_([^/_]*\d[^/_]*)_(?:all|amd64|arm64|armhf|armel|i386|ppc64el|s390x|riscv64|mips64el|loong64)\.(?:deb|udeb|ddeb)$/
const anyPackage = /\/[^/]+\.(?:deb|udeb|ddeb)$/

/** Archives of Debian and its relatives: the forms that mean the same on any host. */
export const aptRules: readonly RulePattern[] = [
  row(fixed('apt.byhash', 10), '/by-hash/', /\/by-hash\/(?:MD5Sum|SHA1|SHA256|SHA512)\/[0-9a-f]{32,128}$/),
  row(
    fresh('apt.installer-current', 3600),
    '/installer-',
    /\/dists\/[^/]+\/(?:[^/]+\/)?installer-[a-z0-9]+\/current(?:-legacy)?\/images\/.+$/,
  ),
  row(
    fixed('apt.installer-dated'),
    '/installer-',
    /\/dists\/[^/]+\/(?:[^/]+\/)?installer-[a-z0-9]+\/\d[^/]*\/images\/.+$/,
  ),
  { rule: fixed('apt.pool', 60), hint: '/pool/', matches: (path) => pool.test(path) && hasFixedVersion(path) },
  row(fresh('apt.pdiff-index', 60), '.diff/Index', /\/dists\/.+\.diff\/Index$/),
  row(fixed('apt.pdiff-patch', 60), '.diff/', /\/dists\/.+\.diff\/(?:T-)?[0-9F][^/]*\.gz$/),
  row(fresh('apt.release', 60, 60), 'Release', /\/(?:InRelease|Release(?:\.gpg)?)$/),
  row(fresh('apt.index', 60, 60), '/dists/', index),
  row(fresh('apt.flat-index', 60, 60), '/Packages', flatIndex),
  row(fresh('apt.flat-index', 60, 60), '/Sources', flatIndex),
  {
    rule: fixed('apt.deb-versioned', 60),
    hint: 'deb',
    matches: (path) => versioned.test(path) && hasFixedVersion(path),
  },
  row(fresh('apt.deb-rolling', 3600), 'deb', anyPackage),
]

/** `name_version_arch.deb` whose version has a digit and no word like `current`; a file is overwritten in place otherwise. */
function hasFixedVersion(path: string): boolean {
  const [, version, ...rest] = path.slice(path.lastIndexOf('/') + 1).split('_')
  return version !== undefined && /\d/.test(version) && !isRolling([version, ...rest].join('_'))
}
