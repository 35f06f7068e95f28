import type { FoundResponse } from '../pipeline/find-responses.ts'
import { mostInOrder } from '../pipeline/first-in-order.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import type { Values } from './declaration.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'
import { foundLine, selectionIn } from './selection.ts'

const initialInOrder = '1000'

/** `larder ls [GLOB]`: what is stored, a line a response. Nothing found is no error. With `--json`, a JSON value a line. */
export const ls: Command<[glob: string | undefined, values: Values]> = async (context, glob, values) => {
  const query = new URLSearchParams(queryOf(glob, values))
  const client = new AdminClient(settingsOf(context).settings)
  const { all, totalCount } = await client.lines<FoundResponse>(`/v1/responses?${query}`)
  let [count, bytes, text] = [0, 0, '']
  for await (const found of all) {
    count += 1
    bytes += found.sizeBytes
    text += `${context.json ? JSON.stringify(found) : foundLine(found)}\n`
    if (text.length < printAtLength) continue
    await context.terminal.printAll(text)
    text = ''
  }
  await context.terminal.printAll(text)
  if (context.json) return exitCodes.done
  const of = totalCount === undefined || totalCount === count ? '' : ` of ${totalCount}`
  context.terminal.note(`${count}${of} ${count === 1 ? 'response' : 'responses'}, ${roughSize(bytes)}`)
  return exitCodes.done
}

const printAtLength = 64 * 1024

function queryOf(glob: string | undefined, values: Values): Record<string, string> {
  if (glob !== undefined && values.url !== undefined) {
    throw new CommandFailure(exitCodes.usage, 'GLOB and --url are the same', 'Give one of them.')
  }
  const { sort, reverse, limit, showQueries } = values
  const most = limit ?? (sort === undefined ? undefined : initialInOrder)
  if (sort !== undefined && Number(most) > mostInOrder) {
    const message = `--sort is for at most ${mostInOrder} responses`
    throw new CommandFailure(exitCodes.usage, message, 'Give a smaller --limit, or sort what ls --json prints.')
  }
  return {
    ...selectionIn(values),
    ...(glob !== undefined && { url: glob }),
    ...(sort !== undefined && { sort: String(sort) }),
    ...(reverse === true && { reverse: 'true' }),
    ...(most !== undefined && { limit: String(most) }),
    ...(showQueries === true && { queries: 'true' }),
  }
}
