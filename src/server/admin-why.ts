import type { RawFields } from '../http/fields.ts'

/** What `/v1/why` is asked: about a URL, with fields of the request, or about a finished exchange. */
export type WhyQuestion = { readonly url: string; readonly fields: RawFields } | { readonly id: string }

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Visible, with spaces inside; no line end can make a second field of it. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/
const mostFields = 100

/** Reads the query of `/v1/why`; a text says what is wrong with it. */
export function parseWhy(requestTarget: string): WhyQuestion | string {
  const query = new URLSearchParams(requestTarget.replace(/^[^?]*\??/, ''))
  const [url, id] = [query.get('url'), query.get('id')]
  if ((url === null) === (id === null)) return 'ask with ?url=URL, or with ?id=ID of the access log'
  if (id !== null) return { id }
  const fields: string[] = []
  for (const text of query.getAll('header')) {
    const field = parseField(text)
    if (field === undefined || fields.length >= 2 * mostFields) return 'header is not Name: value'
    fields.push(...field)
  }
  return { url: url!, fields }
}

/** `Name: value`; `undefined` when it is none. */
export function parseField(text: string): readonly [name: string, value: string] | undefined {
  const colon = text.indexOf(':')
  const [name, value] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1).trim()]
  return fieldName.test(name) && fieldValue.test(value) ? [name, value] : undefined
}
