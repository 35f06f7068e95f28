import type { FoundResponse } from '../pipeline/find-responses.ts'
import { AdminClient } from './admin-client.ts'
import { type CommandContext, settingsOf } from './command.ts'
import type { Values } from './declaration.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'
import { foundLine, selectionIn } from './selection.ts'

/** A change of what is stored: by URLs, or by a selection. */
export interface StoredChange {
  readonly path: '/v1/purge' | '/v1/pin'
  readonly body: object
  /** `purged`, and what it would be. */
  readonly done: string
  /** For a URL of which nothing was changed though something is stored. */
  readonly spared: string
}

interface UrlAnswer {
  readonly url: string
  readonly wasThere: boolean
  readonly changed: readonly FoundResponse[]
}

/** Asks for the change and prints what became of it. Nothing stored is no error. */
export async function changeStored(
  context: CommandContext,
  urls: readonly string[],
  values: Values,
  change: StoredChange,
): Promise<number> {
  const select = selectionIn(values)
  if (urls.length > 0 && select !== undefined) {
    throw new CommandFailure(exitCodes.usage, 'URLs and a selection were given', 'Give either; --url takes a pattern.')
  }
  if (urls.length === 0 && select === undefined) {
    throw new CommandFailure(exitCodes.usage, 'nothing is selected', "Give URLs, or a selection such as --url '*'.")
  }
  const body = { ...change.body, dryRun: values.dryRun === true, queries: values.showQueries === true }
  const asked = { client: new AdminClient(settingsOf(context).settings), body, change, isTrial: body.dryRun }
  if (select === undefined) await changeUrls(context, urls, asked)
  else await changeSelected(context, { ...asked, body: { ...body, select } })
  return exitCodes.done
}

interface Asked {
  readonly client: AdminClient
  readonly body: object
  readonly change: StoredChange
  readonly isTrial: boolean
}

async function changeUrls(context: CommandContext, urls: readonly string[], asked: Asked): Promise<void> {
  const { client, body, change, isTrial } = asked
  const answers: object[] = []
  for (const url of urls) {
    const { wasThere, changed } = (await client.post(change.path, { ...body, url })) as UrlAnswer
    const word = changed.length > 0 ? change.done : wasThere ? change.spared : 'not stored'
    const isChanged = changed.length > 0
    answers.push({ url, [change.done]: isChanged, ...(isTrial && { dryRun: true }) })
    if (!context.json) context.terminal.print(`${isTrial && isChanged ? `would be ${word}` : word}  ${url}\n`)
  }
  if (context.json) context.terminal.printJson(answers)
}

async function changeSelected(context: CommandContext, { client, body, change, isTrial }: Asked): Promise<void> {
  let [count, bytes] = [0, 0]
  const word = isTrial ? `would be ${change.done}` : change.done
  const { all } = await client.lines<FoundResponse>(change.path, body)
  for await (const found of all) {
    count += 1
    bytes += found.sizeBytes
    const line = context.json ? JSON.stringify(found) : `${word}  ${foundLine(found)}`
    await context.terminal.printAll(`${line}\n`)
  }
  if (!context.json) {
    context.terminal.note(`${count} ${count === 1 ? 'response' : 'responses'}, ${roughSize(bytes)} ${word}`)
  }
}
