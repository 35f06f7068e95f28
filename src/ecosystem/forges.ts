import { followed, immutable, type RulePattern, revalidate, row, uncoded } from './class-rule.ts'

const minute = 60
const hour = 3600
const day = 24 * hour
const week = 7 * day

/** Names of releases and branches that are uploaded anew in place. */
const moving =
  'latest|nightly|tip|edge|canary|continuous|snapshot|dev|development|master|main|head|rolling|preview|unstable'

const github: readonly RulePattern[] = [
  row(
    followed('github.latest-download', 5 * minute),
    '/releases/latest/',
    /^\/[^/]+\/[^/]+\/releases\/latest\/download\/[^/]+$/,
  ),
  row(
    followed('github.release-rolling', 5 * minute),
    '/releases/download/',
    new RegExp(`^/[^/]+/[^/]+/releases/download/(?:${moving})(?:-[^/]*)?/[^/]+$`),
  ),
  row(
    followed('github.release', day, minute),
    '/releases/download/',
    /^\/[^/]+\/[^/]+\/releases\/download\/[^/]+\/[^/]+$/,
  ),
  row(
    followed('github.archive-sha', week),
    '/',
    /^\/[^/]+\/[^/]+\/(?:archive|tarball|zipball)\/[0-9a-f]{40}(?:\.tar\.gz|\.zip)?$/,
  ),
  row(
    followed('github.archive-branch', 5 * minute),
    '/archive/refs/heads/',
    /^\/[^/]+\/[^/]+\/archive\/refs\/heads\/.+\.(?:tar\.gz|zip)$/,
  ),
  row(followed('github.archive', hour), '/', /^\/[^/]+\/[^/]+\/(?:archive|tarball|zipball)\/.+$/),
]

/** A path holds the number of the repository and an identifier of the upload, never used again. */
const githubAssets: readonly RulePattern[] = [
  row(immutable('github.asset', 0), '/', /^\/github-production-release-asset[^/]*\/\d+\/[^/]+$/),
]

const codeload: readonly RulePattern[] = [
  row(immutable('github.codeload-sha', 0), '/', /^\/[^/]+\/[^/]+\/(?:legacy\.)?(?:tar\.gz|zip)\/[0-9a-f]{40}$/),
  row(
    uncoded(revalidate('github.codeload-tag', day, minute)),
    '/refs/tags/',
    /^\/[^/]+\/[^/]+\/(?:legacy\.)?(?:tar\.gz|zip)\/refs\/tags\/.+$/,
  ),
  row(
    uncoded(revalidate('github.codeload-ref', 5 * minute, 0)),
    '/',
    /^\/[^/]+\/[^/]+\/(?:legacy\.)?(?:tar\.gz|zip)\/.+$/,
  ),
]

const gitee: readonly RulePattern[] = [
  row(followed('gitee.release', day), '/releases/download/', /^\/[^/]+\/[^/]+\/releases\/download\/[^/]+\/.+$/),
  row(followed('gitee.attachment', week), '/attach_files/', /^\/[^/]+\/[^/]+\/attach_files\/\d+\/download(?:\/.*)?$/),
]

/** Rules that hold on one host alone, by host; they come before those for any host. */
export const forgeRules: ReadonlyMap<string, readonly RulePattern[]> = new Map([
  ['github.com', github],
  ['www.github.com', github],
  ['codeload.github.com', codeload],
  ['objects.githubusercontent.com', githubAssets],
  ['release-assets.githubusercontent.com', githubAssets],
  ['gitee.com', gitee],
])
