import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AdminChange } from '../base/events.ts'
import type { Change, ChangeKind } from '../pipeline/change-responses.ts'
import type { FoundResponse } from '../pipeline/find-responses.ts'
import { mostInOrder, type SortName, sortNames } from '../pipeline/first-in-order.ts'
import type { Selection } from '../pipeline/selection.ts'
import type { StoredShares } from '../pipeline/stored-shares.ts'
import type { Swept } from '../pipeline/sweep.ts'
import { answerJson, answerLines, readMembers } from './admin-answers.ts'
import { Audit, withoutSecrets } from './admin-audit.ts'
import { parseSelection, selectionNames } from './admin-selection.ts'

export interface Finding {
  readonly selection: Selection
  readonly showQueries: boolean
}

/** What can be asked of the store, and done to it. */
export interface StoredAdmin {
  find(finding: Finding): AsyncIterable<FoundResponse>
  firstInOrder(
    finding: Finding,
    sort: SortName,
    reverse: boolean,
    count: number,
  ): Promise<{ readonly first: readonly FoundResponse[]; readonly totalCount: number }>
  /** What is stored under one key; empty: nothing. */
  under(key: string, showQueries: boolean): Promise<readonly FoundResponse[]>
  /** What is selected of all that is stored; tells of each response as it is changed. */
  change(change: Change): AsyncIterable<FoundResponse>
  /** What is stored for exactly this URL. `wasThere`: was there anything at all? A `Fault` becomes its status. */
  changeUrl(
    url: string,
    change: Change,
  ): Promise<{ readonly wasThere: boolean; readonly changed: readonly FoundResponse[] }>
  sweep(isTrial: boolean): Promise<Swept>
  /** Takes note of a change that was made. */
  audited(change: AdminChange): void
  shares(top: number): Promise<StoredShares>
}

type Handler = (request: IncomingMessage, response: ServerResponse, services: StoredServices) => Promise<void>

interface StoredServices {
  readonly stored: StoredAdmin
}

const changeShape = '{"url": "https://…"} or {"select": {"host": "…"}}'

export const storedRoutes: Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST', Handler>>>>> = {
  '/v1/responses': { GET: answerResponses },
  '/v1/purge': {
    POST: (request, response, services) =>
      answerChange(request, response, services, (members) => (members.soft === true ? 'outdate' : 'purge')),
  },
  '/v1/pin': {
    POST: (request, response, services) =>
      answerChange(request, response, services, (members) => (members.pinned === false ? 'unpin' : 'pin')),
  },
  '/v1/sweep': {
    POST: async (request, response, { stored }) => {
      const members = await readMembers(request, response, '{}')
      if (members !== undefined) answerJson(response, 200, await stored.sweep(members.dryRun === true))
    },
  },
}

/** `/v1/responses/KEY`, the key percent-encoded. */
export async function responsesUnder(
  request: IncomingMessage,
  response: ServerResponse,
  { stored }: StoredServices,
): Promise<void> {
  const [path, query] = (request.url ?? '').slice('/v1/responses/'.length).split('?', 2)
  const key = decoded(path!)
  if (key === undefined) return answerJson(response, 400, { error: 'the key is not percent-encoded' })
  const found = await stored.under(key, new URLSearchParams(query).get('queries') === 'true')
  if (found.length > 0) answerJson(response, 200, found)
  else answerJson(response, 404, { error: 'nothing is stored under this key' })
}

/** A line for each response; with `sort` the first `limit` of them, and how many there were in a field. */
async function answerResponses(
  request: IncomingMessage,
  response: ServerResponse,
  { stored }: StoredServices,
): Promise<void> {
  const query = Object.fromEntries(new URL(request.url ?? '', 'http://admin').searchParams)
  const selection = parseSelection(query)
  if (typeof selection === 'string') return answerJson(response, 400, { error: selection })
  const finding = { selection, showQueries: query.queries === 'true' }
  const limit = query.limit === undefined ? undefined : Number(query.limit)
  const isCount = limit === undefined || (Number.isSafeInteger(limit) && limit > 0)
  if (!isCount) return answerJson(response, 400, { error: 'limit is not a count' })
  if (query.sort === undefined) return answerLines(response, firstOf(stored.find(finding), limit ?? Infinity))
  const sort = sortNames.find((name) => name === query.sort)
  if (sort === undefined) return answerJson(response, 400, { error: `sort is not ${sortNames.join(', ')}` })
  if (limit === undefined || limit > mostInOrder) {
    return answerJson(response, 400, { error: `sort needs a limit of at most ${mostInOrder}` })
  }
  const { first, totalCount } = await stored.firstInOrder(finding, sort, query.reverse === 'true', limit)
  response.setHeader('Larder-Total', String(totalCount))
  await answerLines(response, streamOf(first))
}

/** For a URL what became of it, for a selection a line for each response. */
async function answerChange(
  request: IncomingMessage,
  response: ServerResponse,
  { stored }: StoredServices,
  kindOf: (members: Readonly<Record<string, unknown>>) => ChangeKind,
): Promise<void> {
  const members = await readMembers(request, response, changeShape)
  if (members === undefined) return
  const { url, select, dryRun, queries } = members
  const selection = parseSelection(isObject(select) ? select : {})
  if (typeof selection === 'string') return answerJson(response, 400, { error: selection })
  const kind = kindOf(members)
  const change = { kind, selection, isTrial: dryRun === true, showQueries: queries === true }
  if (typeof url === 'string') {
    const { wasThere, changed } = await stored.changeUrl(url, change)
    const audit = new Audit(request, kind, withoutSecrets(url))
    for (const found of changed) audit.add(found)
    if (!change.isTrial) stored.audited(audit.change)
    const purged = change.kind === 'purge' && changed.length > 0
    return answerJson(response, 200, { url, purged, wasThere, changed })
  }
  // Nothing given would mean everything: that has to be said, as in {"url": "*"}.
  if (isObject(select) && selectionNames.some((name) => select[name] !== undefined)) {
    const all = stored.change(change)
    return answerLines(response, change.isTrial ? all : audited(all, new Audit(request, kind, textOf(select)), stored))
  }
  answerJson(response, 400, { error: `the body must be ${changeShape}` })
}

/** Tells of the change when it is over, or when the client left. */
async function* audited(
  all: AsyncIterable<FoundResponse>,
  audit: Audit,
  stored: StoredAdmin,
): AsyncGenerator<FoundResponse, void> {
  try {
    for await (const found of all) {
      audit.add(found)
      yield found
    }
  } finally {
    stored.audited(audit.change)
  }
}

/** What was selected, as it was asked for. */
function textOf(select: Readonly<Record<string, unknown>>): string {
  const named = selectionNames.filter((name) => select[name] !== undefined)
  return JSON.stringify(
    Object.fromEntries(named.map((name) => [name, name === 'url' ? withoutSecrets(String(select.url)) : select[name]])),
  )
}

async function* firstOf<T>(all: AsyncIterable<T>, count: number): AsyncGenerator<T, void> {
  let given = 0
  for await (const one of all) {
    yield one
    if (++given >= count) return
  }
}

async function* streamOf<T>(all: Iterable<T>): AsyncGenerator<T, void> {
  yield* all
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
