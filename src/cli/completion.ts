import type { Command as CommanderCommand } from 'commander'

export const completionShells = ['bash', 'zsh', 'fish'] as const
export type CompletionShell = (typeof completionShells)[number]

/** One command with the words that may follow it. */
interface Place {
  /** `ca init`; empty for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly meaning: string }[]
  readonly flags: readonly { readonly name: string; readonly meaning: string; readonly choices: readonly string[] }[]
}

/** A completion script for `shell`, from the declarations of the commands. */
export function completionScript(program: CommanderCommand, shell: CompletionShell): string {
  const places = placesOf(program, '')
  return shell === 'fish' ? fish(places) : shell === 'zsh' ? zsh(places) : bash(places)
}

function placesOf(command: CommanderCommand, path: string): Place[] {
  const own: Place = {
    path,
    commands: command.commands.map((one) => ({ name: one.name(), meaning: firstSentence(one.description()) })),
    flags: command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ long, description, argChoices }) =>
        long ? [{ name: long, meaning: firstSentence(description), choices: argChoices ?? [] }] : [],
      ),
  }
  return [own, ...command.commands.flatMap((one) => placesOf(one, `${path} ${one.name()}`.trim()))]
}

function firstSentence(text: string): string {
  return text.replace(/(?<=[.;:])\s.*$/s, '').replace(/[.;:]$/, '')
}

/** That of bash. As the file _larder in fpath it is the function of that name at first, and must answer at once. */
function zsh(places: readonly Place[]): string {
  return `#compdef larder
autoload -Uz bashcompinit && bashcompinit
${bash(places)}[ "$funcstack[1]" != _larder ] || _bash_complete -o default -F _larder_complete
`
}

/** What stands on the line so far decides: the longest known chain of commands, and the choices of the word before. */
function bash(places: readonly Place[]): string {
  const paths = places.map(({ path }) => path).filter((path) => path !== '')
  const words = places.map(
    ({ path, commands, flags }) =>
      `    '${path}') offered='${[...commands, ...flags].map(({ name }) => name).join(' ')}' ;;`,
  )
  const choices = new Map(
    places.flatMap(({ path, flags }) =>
      flags.flatMap(({ name, choices }) => (choices.length > 0 ? [[`${path} ${name}`.trim(), choices] as const] : [])),
    ),
  )
  const chosen = [...choices].map(([key, values]) => `    '${key}') offered='${values.join(' ')}' ;;`)
  return `# Completion of larder. Made by larder completion.
_larder_complete() {
  local place= word offered= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [ "$place" = run ] && [ "\${word#-}" = "$word" ]; then return; fi
    case "\${place:+$place }$word" in
${paths.map((path) => `      '${path}') place='${path}' ;;`).join('\n')}
    esac
  done
  case "\${place:+$place }\${COMP_WORDS[COMP_CWORD-1]}" in
${chosen.join('\n')}
  esac
  [ -n "$offered" ] || case "$place" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _larder_complete larder
`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, flags }) => {
    const names = path === '' ? [] : path.split(' ')
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`)
    const none = commands.map(({ name }) => name).join(' ')
    const here = [...seen, ...(none === '' ? [] : [`not __fish_seen_subcommand_from ${none}`])].join('; and ')
    const start = `complete -c larder -n '${['not __larder_runs', ...(here === '' ? [] : [here])].join('; and ')}'`
    return [
      ...commands.map(({ name, meaning }) => `${start} -f -a ${name} -d '${fishText(meaning)}'`),
      ...flags.map(({ name, meaning, choices }) => {
        const values = choices.length === 0 ? '' : ` -x -a '${choices.join(' ')}'`
        return `${start} -l ${name.slice(2)}${values} -d '${fishText(meaning)}'`
      }),
    ]
  })
  return `# Completion of larder. Made by larder completion.
# The words after larder run are those of another command.
function __larder_runs
  set -l words (commandline -opc)
  set -l at (contains -i -- run $words)
  or return 1
  for word in $words[$at..-1]
    string match -q -- '-*' $word
    or test $word = run
    or return 0
  end
  return 1
end
${lines.join('\n')}
`
}

const fishText = (text: string): string => text.replace(/[\\']/g, '\\$&')
