import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'

/** `larder purge URL…`: removes what is stored for exactly these URLs. Nothing stored is no error. */
export const purge: Command<[urls: readonly string[]]> = async (context, urls) => {
  const client = new AdminClient(settingsOf(context).settings)
  const answers: { url: string; purged: boolean }[] = []
  for (const url of urls) {
    const purged = await client.purge(url)
    answers.push({ url, purged })
    if (!context.json) context.terminal.print(`${purged ? 'purged' : 'not stored'}  ${url}\n`)
  }
  if (context.json) context.terminal.printJson(answers)
  return exitCodes.done
}
