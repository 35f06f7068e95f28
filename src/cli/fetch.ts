import { createHash, getHashes, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { AdminClient } from './admin-client.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'

export interface FetchOptions {
  /** `sha256:HEX` */
  readonly checksum: string | undefined
  /** A file, `-` for standard output; `undefined`: it is enough that the content is cached. */
  readonly output: string | undefined
}

interface Fetched {
  readonly url: string
  readonly status: number
  readonly bytes: number
  readonly cacheStatus: string | undefined
  readonly error: string | undefined
}

interface Checksum {
  readonly algorithm: string
  readonly hex: string
}

const worthAnotherTry = new Set([408, 429, 502, 503, 504])
const barWidth = 30

/** `larder fetch URL…`: makes sure that each is cached, as far as it may be; optionally checks and writes the content. */
export const fetchUrls: Command<[urls: readonly string[], options: FetchOptions]> = async (context, urls, options) => {
  if (urls.length > 1 && (options.output !== undefined || options.checksum !== undefined)) {
    throw new CommandFailure(exitCodes.usage, '--checksum and --output are for one URL', 'Fetch the others apart.')
  }
  const checksum = options.checksum === undefined ? undefined : parseChecksum(options.checksum)
  const client = new AdminClient(settingsOf(context).settings)
  const fetched: Fetched[] = []
  for (const url of urls) {
    const one = await fetchOne(context, client, url, checksum, options.output)
    fetched.push(one)
    if (!context.json) report(context, one)
  }
  if (context.json && options.output !== '-') context.terminal.printJson(fetched)
  const failed = fetched.filter(({ error }) => error !== undefined)
  if (failed.length === 0) return exitCodes.done
  return failed.every(({ status }) => worthAnotherTry.has(status)) ? exitCodes.tryAgain : exitCodes.failed
}

function parseChecksum(text: string): Checksum {
  const [, algorithm = '', hex = ''] = /^([a-z0-9-]+):([0-9a-f]+)$/i.exec(text) ?? []
  const name = algorithm.toLowerCase().replace('-', '')
  if (getHashes().includes(name) && createHash(name).digest().length * 2 === hex.length) {
    return { algorithm: name, hex: hex.toLowerCase() }
  }
  const message = `--checksum ${JSON.stringify(text)} is not ALG:HEX, such as sha256: and 64 digits`
  throw new CommandFailure(exitCodes.usage, message, 'See larder fetch --help.')
}

async function fetchOne(
  context: CommandContext,
  client: AdminClient,
  url: string,
  checksum: Checksum | undefined,
  output: string | undefined,
): Promise<Fetched> {
  const response = await client.fetch(url)
  const hash = checksum && createHash(checksum.algorithm)
  const sink = openSink(context, response.statusCode === 200 ? output : undefined)
  const { bytes, error } = await receive(context, response, url, hash, sink)
  const wrong = error ?? statusError(response) ?? digestError(checksum, hash)
  await sink.close(wrong === undefined)
  const cacheStatus = response.headers['cache-status'] as string | undefined
  return { url, status: response.statusCode!, bytes, cacheStatus, error: wrong }
}

/** Reads the content to its end; an answer that breaks off is an error, never a short success. */
async function receive(
  { terminal }: CommandContext,
  response: IncomingMessage,
  url: string,
  hash: Hash | undefined,
  sink: Sink,
): Promise<{ bytes: number; error: string | undefined }> {
  const total = Number(response.headers['content-length'] ?? Number.NaN)
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      hash?.update(chunk)
      await sink.write(chunk)
      terminal.progress(progressLine(url, bytes, total))
    }
    return { bytes, error: undefined }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    return { bytes, error: reason === 'ECONNRESET' ? 'the content broke off' : reason }
  }
}

function statusError({ statusCode, headers }: IncomingMessage): string | undefined {
  if (statusCode! < 400) return undefined
  return `status ${statusCode}${headers['proxy-status'] === undefined ? '' : ` (${headers['proxy-status']})`}`
}

function digestError(checksum: Checksum | undefined, hash: Hash | undefined): string | undefined {
  const found = hash?.digest('hex')
  if (checksum === undefined || found === checksum.hex) return undefined
  return `the content has ${checksum.algorithm}:${found}, expected ${checksum.hex}`
}

function report({ terminal }: CommandContext, { url, status, bytes, cacheStatus, error }: Fetched): void {
  const line = `${status}  ${roughSize(bytes)}  ${cacheStatus ?? '-'}  ${url}`
  terminal.note(error === undefined ? line : `larder: ${url}: ${error}`)
}

function progressLine(url: string, bytes: number, total: number): string {
  if (!(total > 0)) return `${roughSize(bytes)}  ${url}`
  const filled = Math.round((bytes / total) * barWidth)
  const bar = '#'.repeat(filled).padEnd(barWidth, '.')
  return `[${bar}] ${Math.floor((bytes / total) * 100)} %  ${roughSize(bytes)} of ${roughSize(total)}`
}

interface Sink {
  write(bytes: Buffer): Promise<void>
  close(good: boolean): Promise<void>
}

/** A file appears under its name when its content is complete and right, or not at all. */
function openSink({ terminal }: CommandContext, output: string | undefined): Sink {
  if (output === undefined) return { write: async () => undefined, close: async () => undefined }
  if (output === '-') return { write: (bytes) => terminal.printBytes(bytes), close: async () => undefined }
  const temporary = `${output}.part-${process.pid}`
  const stream = createWriteStream(temporary, { flags: 'wx' })
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
  })
  return {
    write: async (bytes) => {
      if (!stream.write(bytes) && failure === undefined) await once(stream, 'drain')
      if (failure !== undefined) throw failure
    },
    close: async (good) => {
      stream.end()
      if (!stream.closed) await once(stream, 'close')
      if (good && failure === undefined) renameSync(temporary, output)
      else rmSync(temporary, { force: true })
      if (good && failure !== undefined) throw failure
    },
  }
}
