import type { ServerResponse } from 'node:http'
import { startOrigin, type TestOrigin } from './origin.ts'

/** One answer of a metered origin, which sends what the test lets it send. */
export interface MeteredAnswer {
  /** Fields of the request. */
  readonly range: string | undefined
  readonly ifRange: string | undefined
  /** Sends the head. */
  begin(): void
  /** Sends content up to this byte of what the answer has. */
  sendTo(count: number): Promise<void>
  /** Sends everything. */
  finish(): Promise<void>
  /** Breaks the connection. */
  cut(): void
  /** Resolves when the connection is closed before the answer's end. */
  whenLeft(): Promise<void>
}

export interface MeteredOrigin extends TestOrigin {
  /** The next answer that is asked for under `path`, those asked for already included, in order. */
  asked(path: string): Promise<MeteredAnswer>
  /** Answers that are neither complete nor given up. */
  openCount(): number
}

/** What the origin has under every path. */
export interface Resource {
  readonly content: Buffer
  readonly fields: { readonly [name: string]: string }
  /** Without Content-Length. */
  readonly chunked?: boolean
}

/** An origin that knows ranges, and sends content as far as it is told to. */
export async function startMeteredOrigin(resourceAt: (path: string) => Resource): Promise<MeteredOrigin> {
  const asked = new Map<
    string,
    { readonly ready: MeteredAnswer[]; readonly waiting: ((one: MeteredAnswer) => void)[] }
  >()
  const queue = (path: string) => {
    const found = asked.get(path) ?? { ready: [], waiting: [] }
    asked.set(path, found)
    return found
  }
  let openCount = 0
  const origin = await startOrigin((request, response) => {
    openCount += 1
    response.on('close', () => {
      openCount -= 1
    })
    const { range, 'if-range': ifRange } = request.headers
    const answer = answerOf(resourceAt(request.url!), response, range, ifRange as string | undefined)
    const { ready, waiting } = queue(request.url!)
    const next = waiting.shift()
    if (next === undefined) ready.push(answer)
    else next(answer)
  })
  return {
    ...origin,
    openCount: () => openCount,
    asked: (path) => {
      const { ready, waiting } = queue(path)
      const answer = ready.shift()
      return answer === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(answer)
    },
  }
}

function answerOf(
  { content, fields, chunked }: Resource,
  response: ServerResponse,
  range: string | undefined,
  ifRange: string | undefined,
): MeteredAnswer {
  const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  const isPart = first > 0 && (ifRange === undefined || ifRange === fields.ETag)
  const bytes = isPart ? content.subarray(first) : content
  const left = new Promise<void>((resolve) => {
    response.on('close', () => !response.writableFinished && resolve())
  })
  let sentBytes = 0
  const sendTo = async (count: number): Promise<void> => {
    while (sentBytes < Math.min(count, bytes.length) && !response.destroyed) {
      const piece = bytes.subarray(sentBytes, Math.min(count, sentBytes + 256 * 1024))
      sentBytes += piece.length
      await Promise.race([new Promise<void>((resolve) => response.write(piece, () => resolve())), left])
    }
  }
  return {
    range,
    ifRange,
    begin: () => {
      const length = chunked === true ? {} : { 'Content-Length': String(bytes.length) }
      const contentRange = { 'Content-Range': `bytes ${first}-${content.length - 1}/${content.length}` }
      response.writeHead(isPart ? 206 : 200, { ...fields, ...length, ...(isPart ? contentRange : {}) })
      response.flushHeaders()
    },
    sendTo,
    finish: async () => {
      await sendTo(bytes.length)
      response.end()
    },
    cut: () => response.destroy(),
    whenLeft: () => left,
  }
}
