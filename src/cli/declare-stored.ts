import { type Command as CommanderCommand, Option } from 'commander'
import { sortNames } from '../pipeline/first-in-order.ts'
import { type Act, declare } from './declaration.ts'
import { ls } from './ls.ts'
import { pin, unpin } from './pin.ts'
import { purge } from './purge.ts'
import { withSelection } from './selection.ts'
import { sweep } from './sweep.ts'
import { verify } from './verify.ts'

const dryRun = ['--dry-run', 'Change nothing: tell what would be changed.'] as const

/** The commands that find what is stored, and remove or keep it. */
export function declareStoredChanges(program: CommanderCommand, act: Act, options: readonly string[]): void {
  withSelection(
    declare(program, {
      usage: 'ls [glob]',
      meaning: 'List what is stored; GLOB is a pattern of URLs, in which * stands for any characters.',
      example: "larder ls 'https://packages.example.org/*' --class npm.tarball --sort size --limit 20",
      options,
      data: true,
    }),
  )
    .addOption(new Option('--sort <NAME>', 'In this order; the largest and the oldest first.').choices(sortNames))
    .option('--reverse', 'The other way round.')
    .option('--limit <COUNT>', 'At most so many; initially all, with --sort 1000.')
    .action(act((context, [glob], values) => ls(context, glob as string | undefined, values)))
  declarePurge(program, act, options)
  declareVerify(program, act, options)
  declarePins(program, act, options)
  declare(program, {
    usage: 'sweep',
    meaning:
      'Remove content that nothing stored names any more, as after a purge, and what interrupted downloads left.',
    example: 'larder sweep --dry-run',
    options,
    data: true,
  })
    .option(...dryRun)
    .action(act((context, _, values) => sweep(context, values.dryRun === true)))
}

function declareVerify(program: CommanderCommand, act: Act, options: readonly string[]): void {
  declare(program, {
    usage: 'verify',
    meaning:
      'Let the running daemon read all stored content again. What is damaged is set aside, and fetched again when it is asked for.',
    example: 'larder verify --rate 200MiB',
    options,
    data: true,
  })
    .option('--rate <SIZE>', 'Bytes a second, at most.', '100MiB')
    .action(act((context, _, { rate }) => verify(context, rate as string)))
}

function declarePurge(program: CommanderCommand, act: Act, options: readonly string[]): void {
  withSelection(
    declare(program, {
      usage: 'purge [url...]',
      meaning:
        'Remove what is stored for exactly these URLs, or what is selected. What is pinned stays, unless --pinned is given.',
      example: "larder purge --host '*.example.org' --older 30d --dry-run",
      options,
      data: true,
    }),
  )
    .option(...dryRun)
    .option('--soft', 'Keep it, and validate it before its next use.')
    .action(act((context, [urls], values) => purge(context, urls as string[], values)))
}

function declarePins(program: CommanderCommand, act: Act, options: readonly string[]): void {
  for (const [name, command, meaning] of [
    ['pin', pin, 'Keep what is stored for these URLs, or what is selected, for ever.'],
    ['unpin', unpin, 'Let go again what was pinned.'],
  ] as const) {
    withSelection(
      declare(program, {
        usage: `${name} [url...]`,
        meaning,
        example: `larder ${name} https://example.org/file.tar.gz`,
        options,
        data: true,
      }),
    )
      .option(...dryRun)
      .action(act((context, [urls], values) => command(context, urls as string[], values)))
  }
}
