import { aptRules } from '../../src/ecosystem/apt.ts'
import type { ClassRule } from '../../src/ecosystem/class-rule.ts'
import { forgeRules } from '../../src/ecosystem/forges.ts'
import { genericRules } from '../../src/ecosystem/generic.ts'
import { mavenRules } from '../../src/ecosystem/maven.ts'
import { npmRules, packument } from '../../src/ecosystem/npm.ts'
import { pypiRules } from '../../src/ecosystem/pypi.ts'
import { type Deviation, deviations } from '../../src/policy/deviations.ts'
import { freshnessProfile } from '../../src/policy/freshness.ts'
import type { Profile } from '../../src/policy/profile.ts'

const introduction = `# Profiles

\`--profile standards\` is RFC 9111 and nothing else. \`--profile builds\`, the initial one, adds what is known about the files of package
ecosystems: *class rules* recognise them by their paths. Everything in which it goes beyond RFC 9111, or fills what the RFC leaves to the
cache, is a rule with a name. \`larder why URL\` names those that made a difference to a decision.

Class rules speak of the content they are about. A redirect, a page where an archive should be, and every response under \`standards\` are
handled by RFC 9111 alone. In both profiles what an origin forbids stays forbidden: \`no-store\`, \`private\`, \`no-cache\`,
\`must-revalidate\`.

This page is generated from \`src/policy/deviations.ts\` and the rules in \`src/ecosystem/\` by \`scripts/docs\`.
`

const rulesIntroduction = `## Class rules

*Immutable*: never asked for again. *Revalidate*: fresh for a while, then validated. *Ttl*: fresh for a while, then asked for anew. The
lifetime holds where the origin gives none; *missing* is that of a 404 or 410, where nothing stands 10 s for a 404 and none for a 410.
`

const minuteSeconds = 60
const hourSeconds = 3600
const daySeconds = 86_400

/** The text of docs/profiles.md. */
export function profilesPage(): string {
  const rows = Object.entries<Deviation>(deviations).map(
    ([id, { sentence, section, steps, reason }]) =>
      `| \`${id}\` | ${sentence} | ${reason} | ${section} | ${steps.map((step) => `\`${step}\``).join(', ')} |`,
  )
  const head = '| name | what is done | why | RFC 9111 | acts in |\n|---|---|---|---|---|'
  const table = `## Deviations of the profile builds\n\n${head}\n${rows.join('\n')}\n`
  return [introduction, table, failures(), rulesIntroduction, rulesTable()].join('\n')
}

const failuresIntroduction = `## When an origin fails

What is stored stands in for an origin that fails, for so long after its lifetime (\`stale-on-error\`). *Cannot be reached*: its name does not resolve, no connection
comes about or lasts until it answers, it does not begin to answer in time, it is left alone after failing again and again, or too
many requests wait for it. *Fails otherwise*: it answers 500, 502, 503 or 504, or sends what is no response. Where an origin says
\`stale-if-error\`, its value counts in the rows below *revalidate*, and in the first two where it is longer; a request may say it, too. \`must-revalidate\`,
\`proxy-revalidate\`, \`s-maxage\` and \`no-cache\` of the origin forbid it all.
`

function failures(): string {
  const row = (name: string, rule: Pick<ClassRule, 'class'>, profile: Profile, status = 200): string => {
    const whole = { name: '', freshSeconds: 0, negativeSeconds: 0, ...rule }
    const stored = { status, fields: [], requestedAt: 0, receivedAt: 0 }
    const { staleIfErrorSeconds, staleIfDisconnectedSeconds } = freshnessProfile(stored, whole, profile)
    return `| ${name} | ${durationText(staleIfErrorSeconds)} | ${durationText(staleIfDisconnectedSeconds)} |`
  }
  const rows = [
    row('immutable', { class: 'immutable' }, 'builds'),
    row('revalidate', { class: 'revalidate' }, 'builds'),
    row('ttl', { class: 'ttl' }, 'builds'),
    row('missing (404, 410)', { class: 'revalidate' }, 'builds', 404),
    row('nothing is known', { class: 'rfc' }, 'builds'),
    row('all under `standards`', { class: 'immutable' }, 'standards'),
  ]
  const head = '| class | the origin fails otherwise | it cannot be reached |\n|---|---|---|'
  return `${failuresIntroduction}\n${head}\n${rows.join('\n')}\n`
}

function rulesTable(): string {
  const tables = [...forgeRules.values(), aptRules, pypiRules, npmRules, mavenRules, genericRules].flat()
  const rules = new Map([...tables.map(({ rule }) => rule), packument].map((rule) => [rule.name, rule]))
  const rows = [...rules.values()].map(
    (rule) =>
      `| \`${rule.name}\` | ${rule.class} | ${durationText(rule.freshSeconds)} | ${durationText(rule.negativeSeconds)} | ${remarks(rule)} |`,
  )
  return `| rule | class | lifetime | missing | beside |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}

function remarks({ keyDecode, identity, variesBy }: ClassRule): string {
  const found = [
    ...(keyDecode === undefined ? [] : ['`equal-names`']),
    ...(identity === undefined ? [] : ['`identity-coding`']),
    ...(variesBy === undefined ? [] : [`variants by ${variesBy.map((name) => `\`${name}\``).join(', ')}`]),
  ]
  return found.join(', ') || '–'
}

function durationText(seconds: number): string {
  if (seconds === 0) return '–'
  if (seconds === Number.POSITIVE_INFINITY) return 'for ever'
  if (seconds % daySeconds === 0) return `${seconds / daySeconds} d`
  if (seconds % hourSeconds === 0) return `${seconds / hourSeconds} h`
  return seconds % minuteSeconds === 0 ? `${seconds / minuteSeconds} min` : `${seconds} s`
}
