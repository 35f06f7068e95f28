import { Fields } from '../http/fields.ts'

/** A GET whose head came in one piece and holds nothing that needs a full parser. */
export interface PlainRequest {
  readonly requestTarget: string
  readonly fields: Fields
}

const start = 'GET '
const version = ' HTTP/1.1'
const maxHeadBytes = 4096
const maxKnownCount = 1000
/** One field line: a token, a colon, visible ASCII with single spaces or tabs around and between (RFC 9110 section 5.5). */
const fieldLine = /^([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20\x21-\x7e]*[\x21-\x7e])?)?[ \t]*$/
/** Fields that decide where a message ends or what the connection becomes: only the full parser may judge them. */
const framing = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Recognises the plainest GET and nothing else: one whole head of at most 4 KiB, HTTP/1.1, no framing field but
 * `Connection: keep-alive`. Everything else is `undefined` and belongs, unread, to the full parser (ARCHITECTURE, decision 10).
 * Field sections repeat from request to request, so those that were read are remembered.
 */
export class PlainRequestReader {
  readonly #known = new Map<string, Fields | undefined>()

  read(bytes: Buffer): PlainRequest | undefined {
    if (bytes.length > maxHeadBytes || bytes[0] !== 0x47) return undefined
    const text = bytes.toString('latin1')
    const lineEnd = text.indexOf('\r\n')
    // Exactly one empty line, at the very end: no content and no second request behind it.
    if (lineEnd < 0 || text.indexOf('\r\n\r\n') !== text.length - 4) return undefined
    if (!text.startsWith(start) || !text.startsWith(version, lineEnd - version.length)) return undefined
    const fields = this.#fields(text.slice(lineEnd + 2, text.length - 2))
    if (fields === undefined) return undefined
    return { requestTarget: text.slice(start.length, lineEnd - version.length), fields }
  }

  #fields(section: string): Fields | undefined {
    const known = this.#known.get(section)
    if (known !== undefined || this.#known.has(section)) return known
    const fields = readSection(section)
    if (this.#known.size >= maxKnownCount) this.#known.clear()
    this.#known.set(section, fields)
    return fields
  }
}

function readSection(section: string): Fields | undefined {
  const raw: string[] = []
  for (const line of section.split('\r\n')) {
    if (line === '') continue
    const parts = fieldLine.exec(line)
    if (parts === null) return undefined
    const [, name = '', value = ''] = parts
    if (framing.has(name.toLowerCase()) && !isKeepAlive(name, value)) return undefined
    raw.push(name, value)
  }
  return new Fields(raw)
}

function isKeepAlive(name: string, value: string): boolean {
  return /^(proxy-)?connection$/i.test(name) && /^keep-alive$/i.test(value)
}
