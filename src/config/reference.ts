import { configFlag, type OptionRow, optionRows, variableOf } from './options.ts'
import { signatureFamilyNames } from './signature-families.ts'

const introduction = `# Options

Every option can be given as a flag of \`larder serve\`, as a variable, or in a configuration file (YAML, \`--config FILE\`). A flag wins over a
variable, a variable over the file, the file over the initial value. \`larder config show\` prints what is in force and where each value came from;
\`larder config sample\` prints a commented file (the same as \`deploy/larder.yaml\`).

- A list is a repeated flag, one text with commas (\`alert\`: with one value a line), or a YAML list. A list that is given replaces the list of a weaker source.
- Times and sizes carry their unit: \`500ms\`, \`30s\`, \`2m\`, \`1h\`; \`256MiB\`, \`20GiB\`, \`1GB\`.
- A relative path starts at the working folder, in a file at the file's folder.
- An unknown name or a bad value is an error that names the place; nothing is ignored.

This page is generated from \`src/config/options.ts\` by \`scripts/docs\`.
`

const rulesText = `## Rules

\`rules\` stands in the configuration file alone. Each entry says what you know about some URLs that Larder cannot know. It changes the key under
which a response is stored, never the request to the origin; \`mirrors\` leaves the key as it is and says where else to ask. Under the profile \`standards\` rules are not applied.

| member | meaning | example |
|---|---|---|
| \`match\` | Host, or host and what the path begins with; \`*.example.org\` covers all names below. The first rule that matches counts. | \`downloads.example.org/get/\` |
| \`path\` | Regular expression that the path must match as well. | \`\\.iso$\` |
| \`drop\` | Query parameters that mean nothing for the content; \`utm_*\` covers all names with that beginning. Whoever may read one of these URLs gets what was stored for another: never drop what gives access to something that is not for everybody. | \`[session, utm_*]\` |
| \`keep\` | The only query parameters that mean something; all others are dropped. | \`[version, arch]\` |
| \`signed\` | The URLs are signed as those of an object store, which the host does not show: ${signatureFamilyNames.map((name) => `\`${name}\``).join(', ')}. | \`s3v4\` |
| \`public\` | \`true\`: everybody may read these objects, so the signature is no secret. Without, they are shared only after a public redirect led to them. | \`true\` |
| \`fresh\` | How long a response is fresh of which its origin says nothing; then it is asked whether it changed. What the origin says counts before. | \`10m\` |
| \`fold\` | Base URLs of mirrors with the same content under the same names; they share what is stored. | \`[https://a.example.org/debian/, https://b.example.org/debian/]\` |
| \`mirrors\` | Base URLs of origins of which one answers when another cannot; see [mirrors.md](mirrors.md). | \`[https://a.example.org/debian/, https://b.example.org/debian/]\` |
| \`missing\` | \`true\`, beside \`mirrors\`: the others are also asked for what the asked one does not have (404, 410). | \`true\` |
`

const rulesSample = `# What you know about some URLs that Larder cannot know: docs/options.md, section Rules.
# Initially: none
#rules:
#  - { match: "downloads.example.org/get/", drop: ["session", "utm_*"] }
#  - { match: "feeds.example.org/rss/", fresh: "10m" }
#  - { match: "objects.example.org", signed: "s3v4" }
#  - { fold: ["https://a.example.org/debian/", "https://b.example.org/debian/"] }
#  - { mirrors: ["https://a.example.org/debian/", "https://b.example.org/debian/"] }
`

function initialText(row: OptionRow): string {
  return row.initial.length === 0 ? (row.whenEmpty ?? 'none') : row.initial.map((text) => `\`${text}\``).join(', ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The text of docs/options.md. */
export function optionsPage(): string {
  const rows = optionRows.map((row) => {
    const flag = `\`${row.flag}\`${row.repeatable ? ' (repeatable)' : ''}`
    const cells = [
      flag,
      `\`${variableOf(row.name)}\``,
      `\`${row.name}\``,
      initialText(row),
      row.meaning,
      `\`${row.example}\``,
    ]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  const config = [
    `\`${configFlag.flag}\``,
    `\`${variableOf(configFlag.name)}\``,
    '–',
    'none',
    configFlag.meaning,
    `\`${configFlag.example}\``,
  ]
  const head = '| flag | variable | in the file | initial value | meaning | example |\n|---|---|---|---|---|---|'
  return `${introduction}\n${head}\n${rows.join('\n')}\n| ${config.join(' | ')} |\n\n${rulesText}`
}

/** A configuration file with every option in a comment, at its initial value where that does not depend on the user. */
export function sampleFile(): string {
  const head = [
    "# Larder's configuration. Every line is a comment: remove the # of what you want to change.",
    '# A flag or a variable (LARDER_…) wins over this file. Check it: larder config check --config FILE',
  ]
  return `${head.join('\n')}\n${optionRows.map(sampleEntry).join('')}\n${rulesSample}`
}

function sampleEntry(row: OptionRow): string {
  const initial = initialText(row).replaceAll('`', '')
  const fixed = row.initial.length > 0 && !row.initial.some((text) => text.includes('$'))
  const texts = (fixed ? row.initial : [row.example]).map((text) => JSON.stringify(text))
  const value = row.repeatable ? texts.map((text) => `\n#  - ${text}`).join('') : ` ${texts[0]}`
  return `\n# ${row.meaning.replaceAll('`', '')}\n# Initially: ${initial}\n#${row.name}:${value}\n`
}
