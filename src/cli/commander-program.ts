import { Argument, Command as CommanderCommand, CommanderError, Option } from 'commander'
import type { Environment } from '../config/environment.ts'
import { optionRows } from '../config/options.ts'
import { type CompletionShell, completionScript, completionShells } from './completion.ts'
import { checkConfig, sampleConfig, showConfig } from './config.ts'
import { type Act, declare, flagsIn, type Values } from './declaration.ts'
import { declareAuthority } from './declare-authority.ts'
import { declareService } from './declare-service.ts'
import { declareStoredChanges } from './declare-stored.ts'
import { printVariables } from './env.ts'
import { exitCodes } from './exit-codes.ts'
import { fetchUrls } from './fetch.ts'
import { declareImage } from './image-declaration.ts'
import { run } from './run.ts'
import { type Shell, shells } from './shell-lines.ts'
import { stats } from './stats.ts'
import { status } from './status.ts'
import type { Terminal } from './terminal.ts'
import { why } from './why.ts'

/** What the program is given from outside. */
export interface ProgramInput {
  /** The words after the program's name. */
  readonly words: readonly string[]
  readonly version: string
  readonly environment: Environment
  readonly terminal: Terminal
}

const allOptions = optionRows.map(({ name }) => name)
const clientOptions = ['admin', 'data']

/** Runs the command that the words name and answers its exit code. */
export async function runProgram({ words, version, environment, terminal }: ProgramInput): Promise<number> {
  let exitCode: number = exitCodes.done
  const act: Act =
    (command) =>
    async (...given) => {
      const values = given.at(-2) as Values
      const context = { terminal, environment, flags: flagsIn(values), json: values.json === true }
      exitCode = await command(context, given.slice(0, -2), values)
    }
  try {
    await declareProgram(version, terminal, act).parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    return terminal.failure(error)
  }
}

/** All commands with their options; `act` makes what they do. */
export function declareProgram(version: string, terminal: Terminal, act: Act): CommanderCommand {
  const program = new CommanderCommand('larder')
    .description('A forward HTTP, HTTPS and FTP caching proxy for builds.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('  See larder --help, or larder COMMAND --help.')
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, 'larder: ')),
    })
    .addHelpText('after', '\nExample:\n  larder run -- npm ci')
  program.commandsGroup('Serving:')
  declareDaemon(program, act)
  declareLooking(program, act)
  program.commandsGroup('What is stored:')
  declareContent(program, act)
  declareWhy(program, act)
  declareStoredChanges(program, act, clientOptions)
  declareSimulation(program, act)
  program.commandsGroup('Setting up:')
  declareAuthority(program, act)
  declareImage(program, act)
  declareAlert(program, act)
  declareConfig(program, act)
  declareService(program, act)
  declareCompletion(program, act)
  return program
}

function declareDaemon(program: CommanderCommand, act: Act): void {
  declare(program, {
    usage: 'serve',
    meaning: 'Run the daemon in the foreground, until SIGTERM or Ctrl-C. SIGHUP reopens the access log.',
    example: 'larder serve --memory 1GiB --access-log /var/log/larder/access.log',
    options: allOptions,
  }).action(act(async (context) => (await import('./serve.ts')).serve(context)))
  declare(program, {
    usage: 'run <command...>',
    meaning:
      'Run a command with the proxy and the trust in its CA set for every known tool, through the running daemon or a private one, and exit with its status.',
    example: 'larder run -- npm ci',
    options: allOptions.filter((name) => name !== 'listen' && name !== 'access-log'),
    data: true,
  })
    .passThroughOptions()
    .action(act((context, [words]) => run(context, words as string[])))
  declare(program, {
    usage: 'env',
    meaning: 'Print the variables that run sets, for a shell to evaluate.',
    example: 'eval "$(larder env)"',
    options: clientOptions,
    data: true,
  })
    .addOption(
      new Option('--shell <SHELL>', 'How they are written; docker: arguments of docker build; dockerfile: ENV lines.')
        .choices(shells)
        .default('sh'),
    )
    .action(act((context, _, { shell }) => printVariables(context, shell as Shell)))
}

function declareLooking(program: CommanderCommand, act: Act): void {
  declare(program, {
    usage: 'status',
    meaning: 'Show what the running daemon does and allows.',
    example: 'larder status --json',
    options: clientOptions,
    data: true,
  }).action(act(status))
  declare(program, {
    usage: 'stats',
    meaning: 'Show the figures of the running daemon: requests, hits, bytes, time saved.',
    example: 'larder stats',
    options: clientOptions,
    data: true,
  })
    .option('--stored', 'Show where the bytes are as well, by host, class, rule and age. Reads all of the index.')
    .option('--top <COUNT>', 'So many of each, with --stored.', '10')
    .action(act((context, _, { stored, top }) => stats(context, stored === true ? String(top) : undefined)))
  declare(program, {
    usage: 'doctor',
    meaning:
      'Look at CA, clock, daemon, storage and the trust of installed tools; name each client that refused our certificate, and the fix.',
    example: 'larder doctor',
    options: [...clientOptions, 'ca-dir'],
    data: true,
  }).action(act(async (context) => (await import('./doctor.ts')).doctor(context)))
}

function declareContent(program: CommanderCommand, act: Act): void {
  declare(program, {
    usage: 'fetch <url...>',
    meaning: 'Make sure that URLs are cached, as far as they may be.',
    example: 'larder fetch -o file.tar.gz --checksum sha256:HEX https://example.org/file.tar.gz',
    options: clientOptions,
    data: true,
  })
    .option('--checksum <ALG:HEX>', 'Fail unless the content has this digest, such as sha256:HEX.')
    .option('-o, --output <FILE>', 'Write the content to FILE, - for standard output.')
    .action(
      act((context, [urls], { checksum, output }) =>
        fetchUrls(context, urls as string[], {
          checksum: checksum as string | undefined,
          output: output as string | undefined,
        }),
      ),
    )
}

function declareWhy(program: CommanderCommand, act: Act): void {
  declare(program, {
    usage: 'why <url-or-id>',
    meaning:
      'Explain how a URL would be answered now, without asking its origin; or how a request was, by its id in the access log.',
    example: "larder why --header 'Cache-Control: no-cache' https://example.org/file.tar.gz",
    options: clientOptions,
    data: true,
  })
    .option(
      '--header <FIELD>',
      "A field of the request, as in 'Name: value'. Repeatable.",
      (text, before: string[]) => [...before, text],
      [],
    )
    .action(act((context, [subject], { header }) => why(context, subject as string, header as string[])))
}

function declareSimulation(program: CommanderCommand, act: Act): void {
  const append = (text: string, before: string[]): string[] => [...before, text]
  declare(program, {
    usage: 'simulate',
    meaning:
      'Replay requests on stores of other sizes and policies, and show what they would have answered. Needs no daemon.',
    example: 'larder simulate --access-log /var/log/larder/access.log --quota 5GiB --quota 20GiB --svg ratio.svg',
    options: [],
    data: true,
  })
    .option(
      '--trace <FILE>',
      'Requests as CSV: a heading such as time,object,bytes, then a line each. Also .gz, .zst, .xz.',
    )
    .option('--access-log <FILE>', 'The access log of the daemon.')
    .option('--policy <NAME>', 'gdsf, lru or sieve. Repeatable; initially all.', append, [])
    .option('--quota <SIZE>', 'Size of the store, or a share of all content as in 10%. Repeatable.', append, [])
    .option('--svg <FILE>', 'Draw hit ratio over size.')
    .action(
      act(async (context, _, { trace, accessLog, policy, quota, svg }) =>
        (await import('./simulate.ts')).simulate(context, {
          trace: trace as string | undefined,
          accessLog: accessLog as string | undefined,
          policies: policy as string[],
          quotas: quota as string[],
          svg: svg as string | undefined,
        }),
      ),
    )
}

function declareAlert(program: CommanderCommand, act: Act): void {
  const alert = program.command('alert').description('Who is told when something fails.')
  declare(alert, {
    usage: 'test',
    meaning: 'Send a test message to every configured sink, once, and say what became of it. Needs no daemon.',
    example: 'larder alert test --config /etc/larder/larder.yaml',
    options: ['alert', 'alert-secret', 'allow-address', 'deny-address', 'origin-ca'],
    data: true,
  }).action(act(async (context) => (await import('./alert.ts')).testAlerts(context)))
}

function declareCompletion(program: CommanderCommand, act: Act): void {
  declare(program, {
    usage: 'completion',
    meaning: 'Print the completion of commands and options for a shell.',
    example: 'larder completion bash > ~/.local/share/bash-completion/completions/larder',
    options: [],
  })
    .addArgument(new Argument('<shell>', 'The shell.').choices(completionShells))
    .action(
      act(({ terminal }, [shell]) => {
        terminal.print(completionScript(program, shell as CompletionShell))
        return exitCodes.done
      }),
    )
}

function declareConfig(program: CommanderCommand, act: Act): void {
  const config = program.command('config').description('The configuration: flags, variables and a file.')
  declare(config, {
    usage: 'check',
    meaning: 'Say what is wrong with the configuration.',
    example: 'larder config check --config /etc/larder/larder.yaml',
    options: allOptions,
    data: true,
  }).action(act(checkConfig))
  declare(config, {
    usage: 'show',
    meaning: 'Show the effective values, and where each came from.',
    example: 'LARDER_MEMORY=1GiB larder config show',
    options: allOptions,
    data: true,
  }).action(act(showConfig))
  declare(config, {
    usage: 'sample',
    meaning: 'Print a commented configuration file.',
    example: 'larder config sample > larder.yaml',
    options: [],
  }).action(act(sampleConfig))
}
