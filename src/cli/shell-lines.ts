export const shells = ['sh', 'fish', 'powershell', 'docker', 'dockerfile', 'json'] as const
export type Shell = (typeof shells)[number]

type Variables = Readonly<Record<string, string>>

/** Build arguments of Docker that need no ARG line, and leave no trace in the image. */
const buildArguments = [
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
]

/** `variables` as `shell` takes them, so that it sees exactly the given values. */
export function shellLines(shell: Exclude<Shell, 'docker'>, variables: Variables): string {
  const lines = (write: (name: string, value: string) => string): string =>
    Object.entries(variables)
      .map(([name, value]) => `${write(name, value)}\n`)
      .join('')
  switch (shell) {
    case 'sh':
      return lines((name, value) => `export ${name}=${shWord(value)}`)
    case 'fish':
      return lines((name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`)
    case 'powershell':
      // It takes curly quotation marks for straight ones.
      return lines((name, value) => `$env:${name} = '${value.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`)
    case 'dockerfile':
      return lines((name, value) => `ENV ${name}="${value.replace(/[\\"$]/g, '\\$&')}"`)
    case 'json':
      return `${JSON.stringify(variables, null, 2)}\n`
  }
}

/** Arguments of `docker build`, as words of sh. `secrets`: as `--secret` takes them. */
export function dockerArguments(variables: Variables, secrets: readonly string[]): string {
  const given = buildArguments.map((name) => `--build-arg ${plainWord(`${name}=${variables[name]}`)}`)
  return `--network=host ${[...given, ...secrets.map((secret) => `--secret ${plainWord(secret)}`)].join(' ')}\n`
}

function shWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Quoted where it must be: without quotes it may also stand where a shell only splits words. */
function plainWord(text: string): string {
  return /^[\w./:@%+,=[\]-]+$/.test(text) ? text : shWord(text)
}
