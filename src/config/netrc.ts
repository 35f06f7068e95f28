/** One entry of a netrc file. */
export interface NetrcLogin {
  /** Lower case; a port may follow: `example.org`, `example.org:2121`, `[::1]:2121`. */
  readonly machine: string
  readonly user: string
  readonly password: string
}

/** Where and why a netrc file is not understood. What stands there is never told: it may be a password. */
export interface NetrcProblem {
  readonly line: number
  readonly reason: string
}

interface Token {
  readonly text: string
  readonly line: number
}

/**
 * The logins of a netrc file as curl and wget read it: `machine NAME login USER password SECRET`, on one line or several,
 * values with blanks in double quotes, `#` before a comment between entries. `default`, which would show a login to every server, is refused;
 * so are `macdef` and all that is half an entry.
 */
export function parseNetrc(text: string): readonly NetrcLogin[] | NetrcProblem {
  const tokens = tokensOf(text)
  if ('reason' in tokens) return tokens
  const logins: NetrcLogin[] = []
  let i = 0
  while (i < tokens.length) {
    const start = tokens[i]!
    const problem = (reason: string): NetrcProblem => ({ line: start.line, reason })
    if (start.text === 'default') return problem('"default" would show a login to every server')
    if (start.text !== 'machine') return problem('an entry begins with "machine"')
    const values = new Map<string, string>()
    let end = i
    do {
      const value = tokens[end + 1]?.text
      if (value === undefined) return problem('an entry ends too early')
      if (values.has(tokens[end]!.text)) return problem('an entry says something twice')
      values.set(tokens[end]!.text, value)
      end += 2
    } while (end < tokens.length && ['login', 'password'].includes(tokens[end]!.text))
    const [machine, user, password] = ['machine', 'login', 'password'].map((name) => values.get(name))
    if (!machine || !user || password === undefined) return problem('an entry has machine, login and password')
    logins.push({ machine: machine.toLowerCase(), user, password })
    i = end
  }
  return logins
}

function tokensOf(text: string): Token[] | NetrcProblem {
  const tokens: Token[] = []
  for (const [i, content] of text.split(/\r?\n/).entries()) {
    const line = i + 1
    let rest = content.trimStart()
    // A value may begin with the sign of a comment.
    while (rest !== '' && !(rest.startsWith('#') && tokens.length % 2 === 0)) {
      const [whole, quoted, plain] = /^(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*))(?=\s|$)/.exec(rest) ?? []
      if (whole === undefined) return { line, reason: 'a double quote has no end' }
      const token = quoted?.replace(/\\(.)/g, '$1') ?? plain!
      if (hasControl(token)) return { line, reason: 'there is a control character' }
      tokens.push({ text: token, line })
      rest = rest.slice(whole.length).trimStart()
    }
  }
  return tokens
}

/** Such a character would end a command of the protocol that the login is for. */
function hasControl(text: string): boolean {
  return Array.from(text).some((char) => char < ' ' || char === '\u007f')
}
