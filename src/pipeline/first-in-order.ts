import type { FoundResponse } from './find-responses.ts'

export const sortNames = ['url', 'host', 'class', 'size', 'age'] as const
export type SortName = (typeof sortNames)[number]

/** Most responses that are put in order: no more than twice as many are in memory. */
export const mostInOrder = 10_000

type Order = (a: FoundResponse, b: FoundResponse) => number

const byText =
  (textOf: (one: FoundResponse) => string): Order =>
  (a, b) =>
    compareText(textOf(a), textOf(b)) || compareText(a.url, b.url)

/** The largest and the oldest come first. */
const orders: Readonly<Record<SortName, Order>> = {
  url: byText((one) => one.url),
  host: byText((one) => one.host),
  class: byText((one) => one.class),
  size: (a, b) => b.sizeBytes - a.sizeBytes || compareText(a.url, b.url),
  age: (a, b) => compareText(a.receivedAt, b.receivedAt) || compareText(a.url, b.url),
}

/** The first `count` of `all` in an order, and how many there were. */
export async function firstInOrder(
  all: AsyncIterable<FoundResponse>,
  sort: SortName,
  reverse: boolean,
  count: number,
): Promise<{ readonly first: readonly FoundResponse[]; readonly totalCount: number }> {
  const order: Order = reverse ? (a, b) => orders[sort](b, a) : orders[sort]
  let kept: FoundResponse[] = []
  let totalCount = 0
  for await (const one of all) {
    totalCount += 1
    kept.push(one)
    if (kept.length >= 2 * count) kept = kept.sort(order).slice(0, count)
  }
  return { first: kept.sort(order).slice(0, count), totalCount }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
