/** A response as a client reads it. */
export interface ReadResponse {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly trailers: string
  /** Framed by its length or its last chunk, not by the end of the connection. */
  readonly delimited: boolean
}

/**
 * The final and interim responses of `text`, as far as they are whole; `methods` are those of the requests, for HEAD.
 * `ended`: nothing more will come, so that a response may end there.
 */
export function readResponses(text: string, methods: readonly string[], ended: boolean): ReadResponse[] {
  const responses: ReadResponse[] = []
  let finalCount = 0
  for (let rest = text; ; ) {
    const read = readOne(rest, methods[finalCount] ?? 'GET', ended)
    if (read === undefined) return responses
    responses.push(read.response)
    if (read.response.status >= 200) finalCount += 1
    rest = rest.slice(read.length)
  }
}

/** The value of a field, or `undefined`. */
export function fieldOf({ fields }: Pick<ReadResponse, 'fields'>, name: string): string | undefined {
  return fields.find(([known]) => known === name)?.[1]
}

type Read = { readonly response: ReadResponse; readonly length: number }

function readOne(text: string, method: string, ended: boolean): Read | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...fieldLines] = text.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? 0)
  const fields = fieldLines.map((fieldLine) => {
    const colon = fieldLine.indexOf(':')
    return [fieldLine.slice(0, colon).toLowerCase(), fieldLine.slice(colon + 1).trim()] as const
  })
  const start = end + 4
  const made = (body: string, length: number, trailers = '', delimited = true): Read => ({
    response: { status, fields, body, trailers, delimited },
    length,
  })
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return made('', start)
  if (fieldOf({ fields }, 'transfer-encoding') === 'chunked') return readChunks(text, start, made)
  const declared = fieldOf({ fields }, 'content-length')
  if (declared === undefined) return ended ? made(text.slice(start), text.length, '', false) : undefined
  const length = start + Number(declared)
  return text.length < length ? undefined : made(text.slice(start, length), length)
}

function readChunks(text: string, start: number, made: (b: string, l: number, t: string) => Read): Read | undefined {
  let body = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0) {
      const last = text.indexOf('\r\n\r\n', lineEnd)
      if (last < 0) return undefined
      return made(body, last + 4, text.slice(lineEnd + 2, last))
    }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
