import { type RulePattern, revalidate, row, uncoded } from './class-rule.ts'
import { isRolling } from './rolling.ts'

const archive =
  /\.(?:tar\.(?:gz|bz2|xz|lz|lzma|zst|Z)|tgz|tbz2?|txz|tar|zip|7z|jar|whl|iso|(?:patch|diff)(?:\.(?:gz|xz|bz2))?)$/
const signed = /\.(?:sig|sign|asc|minisig|(?:sha1|sha256|sha512|md5|b2)(?:sum)?)$/
const checksums = /\/(?:SHA\d+SUMS?|sha\d+sums?|checksums?|MD5SUMS?)(?:[._-][A-Za-z0-9]+)*$/
const versionInName = /\d[._][0-9A-Za-z]/

/** Archives of unknown publishers: never immutable, a version in the name only means that asking once a day will do. */
export const genericRules: readonly RulePattern[] = [
  row(uncoded(revalidate('generic.sums', 300, 0)), '', checksums),
  {
    rule: uncoded(revalidate('generic.rolling', 300, 0)),
    hint: '.',
    matches: (path) => isArchive(path) && isRolling(path),
  },
  {
    rule: uncoded(revalidate('generic.versioned', 86_400, 60)),
    hint: '.',
    matches: (path) => isArchive(path.replace(signed, '')) && hasVersion(path) && !isRolling(path),
  },
  { rule: uncoded(revalidate('generic.archive', 3600, 60)), hint: '.', matches: isArchive },
]

function isArchive(path: string): boolean {
  return archive.test(path)
}

/** Is there a version in the last segment, its extension aside? */
function hasVersion(path: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(signed, '')
  return versionInName.test(file.replace(archive, ''))
}
