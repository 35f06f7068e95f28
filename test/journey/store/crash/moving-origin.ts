import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { startOrigin } from '../../../support/origin.ts'

/** An origin whose every byte is known: content follows from path and version. */
export interface MovingOrigin {
  readonly url: string
  stop(): Promise<void>
}

/** Of a path `/KIND/SIZE/NAME`: `fixed` and `text` never change, `moving` has another version at each request. */
export type ContentKind = 'fixed' | 'text' | 'moving'

const patternBytes = 4099

export function pathOf(kind: ContentKind, sizeBytes: number, name: string): string {
  return `/${kind}/${sizeBytes}/${name}`
}

export function sizeOf(path: string): number {
  return Number(path.split('/')[2])
}

/** A pattern of prime length, so that no two chunks or pages of it are equal. */
export function contentOf(path: string, version: number): Buffer {
  const isText = path.startsWith('/text/')
  const parts: Buffer[] = []
  for (let at = 0; at < patternBytes; at += 32) {
    const part = createHash('sha256').update(`${path} ${version} ${at}`).digest()
    parts.push(isText ? Buffer.from(part.toString('hex')) : part)
  }
  return Buffer.alloc(sizeOf(path), Buffer.concat(parts).subarray(0, patternBytes))
}

export async function startMovingOrigin(): Promise<MovingOrigin> {
  const versions = new Map<string, number>()
  return startOrigin((request, response) => {
    const path = request.url!
    const version = path.startsWith('/moving/') ? (versions.get(path) ?? 0) + 1 : 1
    versions.set(path, version)
    answer(request, response, contentOf(path, version), version)
  })
}

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer, version: number): void {
  const entityTag = `"${version}"`
  response.setHeader('Cache-Control', 'max-age=360000')
  response.setHeader('ETag', entityTag)
  response.setHeader('Version', version)
  response.setHeader('Content-Type', request.url!.startsWith('/text/') ? 'text/html' : 'application/octet-stream')
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const condition = request.headers['if-range']
  if (range === null || (condition !== undefined && condition !== entityTag)) {
    response.setHeader('Content-Length', body.length)
    response.end(body)
    return
  }
  const first = Number(range[1])
  const last = Math.min(body.length - 1, range[2] === '' ? body.length - 1 : Number(range[2]))
  response.statusCode = 206
  response.setHeader('Content-Range', `bytes ${first}-${last}/${body.length}`)
  response.setHeader('Content-Length', last - first + 1)
  response.end(body.subarray(first, last + 1))
}
