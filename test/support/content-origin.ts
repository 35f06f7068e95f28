import { startOrigin, type TestOrigin } from './origin.ts'

export interface ContentOrigin extends TestOrigin {
  /** Paths that it was asked for since this was last emptied. */
  readonly asked: string[]
}

/** An origin of content that follows from its path, and may be kept for a day. */
export async function startContentOrigin(bytesOf: (path: string) => Buffer): Promise<ContentOrigin> {
  const asked: string[] = []
  const origin = await startOrigin((request, response) => {
    asked.push(request.url!)
    const bytes = bytesOf(request.url!)
    response.writeHead(200, { 'Content-Length': bytes.length, 'Cache-Control': 'max-age=86400', ETag: '"1"' })
    response.end(bytes)
  })
  return { ...origin, asked }
}
