import { renderTable } from '../../../scripts/benchmark/markdown-table.ts'
import type { Kind } from './suite.ts'
import { count, type Judged, type Verdict } from './verdicts.ts'

const counted: readonly (readonly [Kind, Verdict, string])[] = [
  ['required', 'passed', 'required: passed'],
  ['required', 'failed', 'failed'],
  ['required', 'unjudged', 'unjudged'],
  ['optimal', 'passed', 'optional: better choice'],
  ['optimal', 'failed', 'other'],
  ['optimal', 'unjudged', 'unjudged'],
  ['check', 'passed', 'asked: yes'],
  ['check', 'failed', 'no'],
  ['check', 'unjudged', 'unjudged'],
]

const row = (title: string, of: readonly Judged[]): string[] => [
  title,
  ...counted.map(([kind, verdict]) => String(count(of, kind, verdict) || '·')),
]

/** Counts by group. */
export function resultTable(judged: readonly Judged[]): string {
  const groups = [...new Set(judged.map(({ group }) => group))]
  const rows = groups.map((group) =>
    row(
      group,
      judged.filter((one) => one.group === group),
    ),
  )
  return renderTable([['', ...counted.map(([, , title]) => title)], ...rows, row('all', judged)])
}

const order: readonly Kind[] = ['required', 'optimal', 'check']
const titles: Readonly<Record<Kind, string>> = { required: 'required', optimal: 'optional', check: 'asked' }

/** Everything that did not pass, duties first: id, what it is about, and what was seen. */
export function failureList(judged: readonly Judged[], kinds: readonly Kind[] = order): string {
  return judged
    .filter(({ kind, verdict }) => verdict !== 'passed' && kinds.includes(kind))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map(
      ({ id, kind, verdict, name, message, statuses }) =>
        `${titles[kind]} ${verdict}  ${id}\n    ${name}\n    ${message} (${statuses.join(', ')})\n`,
    )
    .join('')
}

/** Several proxies side by side, the sums alone. */
export function comparisonTable(
  reports: readonly { readonly subject: string; readonly face: string; readonly judged: readonly Judged[] }[],
): string {
  const head = ['', ...counted.map(([, , title]) => title)]
  return renderTable([head, ...reports.map(({ subject, face, judged }) => row(`${subject}, ${face}`, judged))])
}
