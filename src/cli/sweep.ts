import type { Swept } from '../pipeline/sweep.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'

/** `larder sweep`: removes content that nothing stored names any more, and what interrupted downloads left. */
export const sweep: Command<[isTrial: boolean]> = async (context, isTrial) => {
  const client = new AdminClient(settingsOf(context).settings)
  const swept = (await client.post('/v1/sweep', { dryRun: isTrial })) as Swept
  if (context.json) context.terminal.printJson(swept)
  else context.terminal.print(`${isTrial ? 'would remove' : 'removed'} ${sweptText(swept)}\n`)
  return exitCodes.done
}

function sweptText({ blobCount, blobBytes, stagingCount, quarantineCount }: Swept): string {
  const files = [
    [stagingCount, 'of downloads that never ended'],
    [quarantineCount, 'set aside as damaged long ago'],
  ] as const
  const left = files.filter(([count]) => count > 0).map(([count, what]) => `, ${count} files ${what}`)
  return `${blobCount} ${blobCount === 1 ? 'blob' : 'blobs'}, ${roughSize(blobBytes)}${left.join('')}`
}
