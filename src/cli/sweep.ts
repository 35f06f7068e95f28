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

function sweptText({ blobCount, blobBytes, stagingCount }: Swept): string {
  const left = stagingCount === 0 ? '' : `, and ${stagingCount} files of downloads that never ended`
  return `${blobCount} ${blobCount === 1 ? 'blob' : 'blobs'}, ${roughSize(blobBytes)}${left}`
}
