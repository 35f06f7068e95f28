import { changeStored } from './change-stored.ts'
import type { Command } from './command.ts'
import type { Values } from './declaration.ts'

/** `larder purge URL…` or with a selection: removes what is stored, or with `--soft` has it validated before its next use. */
export const purge: Command<[urls: readonly string[], values: Values]> = (context, urls, values) =>
  changeStored(context, urls, values, {
    path: '/v1/purge',
    body: { soft: values.soft === true },
    done: values.soft === true ? 'outdated' : 'purged',
    spared: 'not purged',
  })
