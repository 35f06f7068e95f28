import type { TotalsSnapshot } from '../observe/totals.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { figureLines } from './figures.ts'

/** `larder stats`: figures since the start of the running daemon. */
export const stats: Command = async (context) => {
  const totals = (await new AdminClient(settingsOf(context).settings).getJson('/v1/stats')) as TotalsSnapshot
  if (context.json) context.terminal.printJson(totals)
  else context.terminal.print(`${figureLines(totals).join('\n')}\n`)
  return exitCodes.done
}
