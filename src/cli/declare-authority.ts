import { type Command as CommanderCommand, Option } from 'commander'
import type { ExportFormat } from '../ca/trust-export.ts'
import { type Act, declare } from './declaration.ts'

// What makes certificates is loaded by the commands that need it: the others start in half the time.
const loadCa = () => import('./ca.ts')
const loadTrust = () => import('./ca-trust.ts')

const formats: readonly ExportFormat[] = ['pem', 'bundle', 'der', 'p12', 'jks']
const options = ['ca-dir']

/** `larder ca …` */
export function declareAuthority(program: CommanderCommand, act: Act): void {
  const ca = program
    .command('ca')
    .description('The CA that lets https be cached: one of your own, trusted by nobody at first.')
  declareMaking(ca, act)
  declareRotating(ca, act)
  declareTrusting(ca, act)
}

function declareMaking(ca: CommanderCommand, act: Act): void {
  declare(ca, {
    usage: 'init',
    meaning:
      'Make the CA. With --only-hosts or --intercept it is good for those hosts alone. No trust store is touched.',
    example: 'larder ca init --only-hosts example.org',
    options: [...options, 'intercept'],
    data: true,
  })
    .addOption(onlyHosts())
    .option('--if-missing', 'Be content with one that is there.')
    .action(
      act(async (context, _, { onlyHosts, ifMissing }) =>
        (await loadCa()).initCa(context, onlyHosts as string[], ifMissing === true),
      ),
    )
  declare(ca, {
    usage: 'show',
    meaning: 'Show what the CA is, when it ends, and who was made to trust it.',
    example: 'larder ca show --json',
    options,
    data: true,
  }).action(act(async (context) => (await loadCa()).showCa(context)))
  declare(ca, {
    usage: 'export',
    meaning: 'Write the certificate of the CA, never its key. The password of p12 and jks is changeit, as Java has it.',
    example: 'larder ca export --format bundle -o bundle.pem',
    options,
  })
    .addOption(
      new Option('--format <FORMAT>', "pem and der: the CA; bundle, p12 and jks: the system's roots and the CA.")
        .choices(formats)
        .default('pem'),
    )
    .option('-o, --output <FILE>', 'The file; initially standard output.')
    .action(
      act(async (context, _, { format, output }) =>
        (await loadCa()).exportCa(context, format as ExportFormat, output as string | undefined),
      ),
    )
}

function declareRotating(ca: CommanderCommand, act: Act): void {
  declare(ca, {
    usage: 'rotate',
    meaning: 'Make a new CA that takes over at a moment. The old one is exported and trusted until its end.',
    example: 'larder ca rotate --from 2026-12-01T08:00:00Z',
    options: [...options, 'intercept'],
    data: true,
  })
    .option('--from <WHEN>', 'When it takes over: now, a time from now such as 7d, or a date.', '7d')
    .addOption(onlyHosts())
    .action(
      act(async (context, _, { from, onlyHosts }) =>
        (await loadCa()).rotateCa(context, from as string, onlyHosts as string[]),
      ),
    )
}

function declareTrusting(ca: CommanderCommand, act: Act): void {
  const root = (): Option => new Option('--root <DIR>', "Root of the file system to act on, such as an image's.")
  declare(ca, {
    usage: 'trust',
    meaning:
      'Let this system trust the CA: its store (Debian, Red Hat, SUSE, Alpine, Arch), NSS and Java. Says how to undo it.',
    example: 'larder ca trust --root /mnt/image',
    options,
    data: true,
  })
    .addOption(root().default('/'))
    .action(act(async (context, _, { root }) => (await loadTrust()).trustCa(context, root as string)))
  declare(ca, {
    usage: 'untrust',
    meaning: 'Undo all that ca trust did; with --root, there alone.',
    example: 'larder ca untrust',
    options,
  })
    .addOption(root())
    .action(act(async (context, _, { root }) => (await loadTrust()).untrustCa(context, root as string | undefined)))
  declare(ca, {
    usage: 'remove',
    meaning: 'Undo all that ca trust did, and remove the CA with its keys.',
    example: 'larder ca remove',
    options,
  }).action(act(async (context) => (await loadCa()).removeCa(context)))
}

function onlyHosts(): Option {
  const add = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')]
  const meaning = 'Name with all below it, address, or block such as 10.0.0.0/8 that the CA is good for. Repeatable.'
  return new Option('--only-hosts <HOST>', meaning).argParser(add).default([], 'any')
}
