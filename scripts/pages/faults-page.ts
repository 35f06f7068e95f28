import { type FaultCode, type FaultRow, faults } from '../../src/base/faults.ts'

const sections: readonly (readonly [prefix: string, title: string])[] = [
  ['CLIENT', 'Faults of the request'],
  ['ORIGIN', 'Faults of the origin'],
  ['CONTENT', 'Faults of the content'],
  ['STORE', 'Faults of the store'],
  ['LISTEN', 'Faults of the listening address'],
  ['CA', 'Faults of the CA'],
  ['CONFIG', 'Faults of the configuration'],
  ['INTERNAL', 'Faults of Larder'],
]

const introduction = `# Faults

Every error that Larder names. A client sees the code in \`Proxy-Status: larder; error=TYPE; details=CODE\` (RFC 9209) and in the
text of the response; the access log and the metrics spell it the same way. A code is never used for another meaning.

- *Status*: what a client gets while nothing else was sent. Once a response has begun, a fault can only break the connection, so
  that what was sent never looks complete.
- *Retry*: what Larder does itself before it gives up. \`at-once\` tries again without waiting if the connection was a reused
  one, else with a growing pause like \`back-off\`; \`resume\` goes on where the content was cut, when the origin's validator is strong.
- *Alert*: when people are told. \`final\` means once, after the last attempt.

This page is generated from \`src/base/faults.ts\` by \`scripts/docs\`.
`

function status(row: FaultRow): string {
  if (row.status !== undefined) return String(row.status)
  return row.proxyStatus === undefined ? 'none: the client is served from the origin' : 'none: Larder does not start'
}

const line = (code: string, row: FaultRow): string =>
  `| \`${code}\` | ${status(row)} | ${row.status === undefined ? '–' : (row.proxyStatus ?? '–')} | ${row.retry} | ${row.alert} | ${row.sentence} | ${row.remedy} |`

/** The text of docs/faults.md. A code outside the known sections is an error: no row may be lost. */
export function faultsPage(): string {
  const left = new Set(Object.keys(faults) as FaultCode[])
  const parts = sections.map(([prefix, title]) => {
    const codes = [...left].filter((code) => code.startsWith(`${prefix}_`))
    for (const code of codes) left.delete(code)
    const head =
      '| code | status | Proxy-Status type | retry | alert | meaning | what to do |\n|---|---|---|---|---|---|---|'
    return `## ${title}\n\n${head}\n${codes.map((code) => line(code, faults[code])).join('\n')}\n`
  })
  if (left.size > 0) throw new Error(`no section of docs/faults.md is for ${[...left].join(', ')}`)
  return [introduction, ...parts].join('\n')
}
