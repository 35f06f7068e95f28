import type { TotalsSnapshot } from '../observe/totals.ts'
import type { Share, StoredShares } from '../pipeline/stored-shares.ts'
import type { StoreUse } from '../store/store-use.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { figureLines, roughSize } from './figures.ts'

type Stats = TotalsSnapshot & { readonly store?: StoreUse; readonly stored?: StoredShares }

/** `larder stats`: figures since the start of the running daemon, and what its store takes; with `--stored`, where the bytes are that it keeps. */
export const stats: Command<[top: string | undefined]> = async (context, top) => {
  const path = top === undefined ? '/v1/stats' : `/v1/stats?${new URLSearchParams({ stored: top })}`
  const found = (await new AdminClient(settingsOf(context).settings).getJson(path)) as Stats
  if (context.json) context.terminal.printJson(found)
  else context.terminal.print(`${linesOf(found).join('\n')}\n`)
  return exitCodes.done
}

function linesOf({ store, stored, ...totals }: Stats): readonly string[] {
  return [
    ...figureLines(totals),
    ...(store === undefined ? [] : ['', ...storeLines(store)]),
    ...(stored === undefined ? [] : ['', ...storedLines(stored)]),
  ]
}

/** What the store takes on the disk, of what it may. */
export function storeLines(use: StoreUse): readonly string[] {
  const { quotaBytes, usedBytes, fixedBytes, reservedBytes, freeBytes, kinds, pinned } = use
  const takenBytes = usedBytes + fixedBytes + reservedBytes
  const percent = (wholePercent * takenBytes) / quotaBytes
  const rows: readonly (readonly [name: string, bytes: number, remark: string])[] = [
    ['files', kinds.blobs, 'content above 64 KiB'],
    [
      'rows',
      kinds['small-blobs'],
      `content up to 64 KiB; in rows and records ${roughSize(freeBytes)} are free for more`,
    ],
    ['records', kinds.index, `${use.responses} keys, ${pinned} of them pinned`],
    ['set aside', kinds['set-aside'], 'databases that were damaged; kept for 30 days'],
    ['staging', reservedBytes, 'promised to downloads under way'],
    ['set apart', fixedBytes, 'logs, folders and damaged content, at most'],
    ['free', Math.max(0, quotaBytes - takenBytes), ''],
  ]
  return [
    `store: ${roughSize(takenBytes)} of ${roughSize(quotaBytes)} (${percent.toFixed(1)} %)`,
    ...rows.map(([name, bytes, remark]) =>
      `  ${name.padEnd(9)}  ${roughSize(bytes).padStart(10)}  ${remark}`.trimEnd(),
    ),
  ]
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
