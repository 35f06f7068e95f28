import type { IncomingMessage, ServerResponse } from 'node:http'
import { asFault } from '../base/faults.ts'

const mostBodyBytes = 16 * 1024

/** What is written at once. */
const lineBatchLength = 16 * 1024

const safeFields = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

export function answerJson(response: ServerResponse, status: number, value: object): void {
  answer(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

export function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...safeFields })
  response.end(text)
}

/** Answers a JSON text a line, as they come and as the client takes them. */
export async function answerLines(response: ServerResponse, values: AsyncIterable<object>): Promise<void> {
  const source = values[Symbol.asyncIterator]()
  // What fails before the first line is answered as what it is.
  let step = await source.next()
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8', ...safeFields })
  let text = ''
  while (!step.done && !response.destroyed) {
    text += `${JSON.stringify(step.value)}\n`
    if (text.length >= lineBatchLength) {
      if (!response.write(text)) await drained(response)
      text = ''
    }
    step = await source.next()
  }
  await source.return?.()
  response.end(text)
}

/** Resolves when more may be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

export function answerFault(response: ServerResponse, error: unknown): void {
  const fault = asFault(error)
  if (response.headersSent) response.destroy()
  else
    answerJson(response, fault.row.status ?? 500, { code: fault.code, error: fault.message, remedy: fault.row.remedy })
}

/** The members of a JSON body; when it is none, the request has been answered. `shape`: what it must be. */
export async function readMembers(
  request: IncomingMessage,
  response: ServerResponse,
  shape: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  // A web page can send other types without asking first; this one it cannot.
  if (!/^application\/json(?:\s*;|$)/i.test(request.headers['content-type'] ?? '')) {
    answerJson(response, 415, { error: `the body must be application/json: ${shape}` })
    return undefined
  }
  const text = await readBody(request)
  if (text === undefined) {
    response.setHeader('Connection', 'close')
    answerJson(response, 413, { error: `the body is longer than ${mostBodyBytes} bytes` })
    return undefined
  }
  const members = membersIn(text)
  if (members === undefined) answerJson(response, 400, { error: `the body must be ${shape}` })
  return members
}

function membersIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
