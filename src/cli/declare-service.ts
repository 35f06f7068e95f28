import { type Command as CommanderCommand, Option } from 'commander'
import { type Act, declare, type Values } from './declaration.ts'

import { CommandFailure, exitCodes } from './exit-codes.ts'
import { installService, type ServiceChoices, uninstallService } from './service.ts'

export function declareService(program: CommanderCommand, act: Act): void {
  const service = program.command('service').description('Larder as a service of systemd, started by its sockets.')
  withChoices(
    declare(service, {
      usage: 'install',
      meaning:
        'Write the units and start the sockets: the first request starts the daemon. A second time changes nothing.',
      example: 'larder service install --user --ca',
      options: [],
    }).option('--ca', 'Make a CA at the first start, so that https is cached.'),
  ).action(act((context, _, values) => installService(context, choicesIn(values), values.ca === true)))
  withChoices(
    declare(service, {
      usage: 'uninstall',
      meaning: 'Stop the service and remove its units. What the daemon stored stays.',
      example: 'larder service uninstall --user',
      options: [],
    }),
  ).action(act((context, _, values) => uninstallService(context, choicesIn(values))))
}

function withChoices(command: CommanderCommand): CommanderCommand {
  return command
    .addOption(new Option('--user', 'For you: in your folder of units.').conflicts('system'))
    .addOption(new Option('--system', 'For the machine: in /etc/systemd/system, as root.'))
    .option('--dry-run', 'Say what would be done, and do nothing.')
    .addOption(new Option('--root <DIR>', 'With --system: root of the file system to act on.').conflicts('user'))
}

function choicesIn({ user, system, dryRun, root }: Values): ServiceChoices {
  if (user !== true && system !== true)
    throw new CommandFailure(exitCodes.usage, 'for whom is the service?', 'Say --user or --system.')
  return { scope: user === true ? 'user' : 'system', dryRun: dryRun === true, root: root as string | undefined }
}
