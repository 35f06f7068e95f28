import { type Command as CommanderCommand, Option } from 'commander'
import { type Act, declare } from './declaration.ts'
import { type EngineName, engineNames } from './image-engine.ts'

const loadImage = () => import('./image.ts')

/** `larder image`. */
export function declareImage(program: CommanderCommand, act: Act): void {
  const image = program
    .command('image')
    .description('Images for builds whose Dockerfiles know nothing of the proxy. Not to be shipped: they trust the CA.')
  const engine = (): Option =>
    new Option('--engine <ENGINE>', 'The program that keeps the images; initially the first that is there.').choices(
      engineNames,
    )
  const dry = ['--dry-run', 'Print the commands and change nothing.'] as const
  declare(image, {
    usage: 'wrap <image>',
    meaning:
      'Give an image a layer that trusts the CA and points at the proxy. It is pulled when it is not there, and stays as IMAGE-original.',
    example: 'larder image wrap --address http://172.17.0.1:3128 python:3-slim',
    options: ['admin', 'data'],
    data: true,
  })
    .addOption(engine())
    .option('--address <URL>', 'Where containers reach the proxy; initially where the running daemon listens.')
    .option('--ca <FILE>', "The CA's certificate in PEM; initially that of the running daemon.")
    .option(...dry)
    .action(
      act(async (context, [name], values) =>
        (await loadImage()).wrapImage(context, name as string, {
          engine: values.engine as EngineName | undefined,
          address: values.address as string | undefined,
          ca: values.ca as string | undefined,
          dryRun: values.dryRun === true,
        }),
      ),
    )
  declare(image, {
    usage: 'unwrap <image>',
    meaning: 'Make a wrapped image what it was, and remove the name IMAGE-original.',
    example: 'larder image unwrap python:3-slim',
    options: [],
    data: true,
  })
    .addOption(engine())
    .option(...dry)
    .action(
      act(async (context, [name], values) =>
        (await loadImage()).unwrapImage(context, name as string, {
          engine: values.engine as EngineName | undefined,
          dryRun: values.dryRun === true,
        }),
      ),
    )
}
