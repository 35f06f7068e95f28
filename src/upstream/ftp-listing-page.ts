/** One line of a listing, with what it names where that can be told. */
interface Entry {
  readonly before: string
  readonly name: string
  readonly after: string
  readonly isFolder: boolean
}

/** As `ls -l` prints: type and rights, links, owner, group, size, date, name. */
const unixLine = /^([-dlbcps][-rwxsStTlL]{9}\S*\s+\d+\s+\S+\s+\S+\s+\d+\s+\S+\s+\d{1,2}\s+[\d:]{4,5} )(.+)$/
/** As the servers of Windows print. */
const dosLine = /^(\d\d-\d\d-\d{2,4}\s+\d\d:\d\d(?:[AP]M)?\s+(?:<DIR>|\d+)\s+)(.+)$/
const escapes: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A listing as a page with links, for people. Everything in it comes from the server, so nothing of it is taken for
 * markup; a line that is not understood stands there without a link. Octets in, octets out, one a character (latin1).
 *
 * @param path - the path of the URL, percent-encoded as the client sent it, `;type=d` included.
 */
export function listingPage(path: string, listing: string): string {
  const folder = path.replace(/;type=[aid]$/i, '').replace(/\/?$/, '/')
  const title = escaped(folder)
  const lines = listing.split(/\r?\n/).filter((line) => line !== '')
  const rows = lines.map((line) => row(line, folder))
  const parent = folder === '/' ? [] : [`<a href="${escaped(folder.replace(/[^/]+\/+$/, ''))}">..</a>`]
  return [
    '<!DOCTYPE html>',
    `<html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1><pre>`,
    ...parent,
    ...rows,
    '</pre></body></html>',
    '',
  ].join('\n')
}

function row(line: string, folder: string): string {
  const entry = entryOf(line)
  if (entry === undefined) return escaped(line)
  const href = folder + encoded(entry.name) + (entry.isFolder ? '/' : '')
  const link = `<a href="${escaped(href)}">${escaped(entry.name)}</a>`
  return escaped(entry.before) + link + escaped(entry.after)
}

function entryOf(line: string): Entry | undefined {
  const [, before, rest] = unixLine.exec(line) ?? dosLine.exec(line) ?? []
  if (before === undefined || rest === undefined) return undefined
  const arrow = before.startsWith('l') ? rest.indexOf(' -> ') : -1
  const name = arrow === -1 ? rest : rest.slice(0, arrow)
  if (name === '.' || name === '..' || name.includes('/')) return undefined
  const isFolder = before.startsWith('d') || before.includes('<DIR>')
  return { before, name, after: rest.slice(name.length), isFolder }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char]!)
}

/** Every octet that is not unreserved (RFC 3986 section 2.3), as its code. */
function encoded(octets: string): string {
  return octets.replace(/[^A-Za-z0-9._~-]/g, (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
