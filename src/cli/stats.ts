import type { TotalsSnapshot } from '../observe/totals.ts'
import type { Share, StoredShares } from '../pipeline/stored-shares.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { figureLines, roughSize } from './figures.ts'

type Stats = TotalsSnapshot & { readonly stored?: StoredShares }

/** `larder stats`: figures since the start of the running daemon; with `--stored`, where the bytes are that it keeps. */
export const stats: Command<[top: string | undefined]> = async (context, top) => {
  const path = top === undefined ? '/v1/stats' : `/v1/stats?${new URLSearchParams({ stored: top })}`
  const found = (await new AdminClient(settingsOf(context).settings).getJson(path)) as Stats
  if (context.json) context.terminal.printJson(found)
  else context.terminal.print(`${linesOf(found).join('\n')}\n`)
  return exitCodes.done
}

function linesOf({ stored, ...totals }: Stats): readonly string[] {
  return stored === undefined ? figureLines(totals) : [...figureLines(totals), '', ...storedLines(stored)]
}

/** A picture of where the bytes are: a bar is as long as its share of all. */
export function storedLines({ keyCount, responseCount, bytes, pinnedBytes, ...by }: StoredShares): readonly string[] {
  const pinned = pinnedBytes === 0 ? '' : `, ${roughSize(pinnedBytes)} of it pinned`
  return [
    `stored: ${responseCount} responses under ${keyCount} keys, ${roughSize(bytes)}${pinned}`,
    ...barLines('host', by.byHost, bytes),
    ...barLines('class', by.byClass, bytes),
    ...barLines('rule', by.byRule, bytes),
    ...barLines('age', by.byAge, bytes),
  ]
}

const barWidth = 30
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const wholePercent = 100
const mostNameLength = 40

function barLines(title: string, shares: readonly Share[], allBytes: number): readonly string[] {
  const width = Math.min(mostNameLength, Math.max(...shares.map(({ name }) => name.length), 0))
  const lines = shares.map(({ name, count, bytes }) => {
    const share = allBytes === 0 ? 0 : bytes / allBytes
    const percent = `${(share * wholePercent).toFixed(1)} %`.padStart(7)
    const size = roughSize(bytes).padStart(10)
    return `  ${name.padEnd(width)}  ${size}  ${percent}  ${bar(share).padEnd(barWidth)}  ${count}`
  })
  return lines.length === 0 ? [] : ['', `by ${title}`, ...lines]
}

function bar(share: number): string {
  const parts = Math.round(share * barWidth * eighths.length)
  return '█'.repeat(Math.floor(parts / eighths.length)) + eighths[parts % eighths.length]
}
