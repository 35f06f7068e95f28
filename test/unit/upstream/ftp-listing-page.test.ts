import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listingPage } from '../../../src/upstream/ftp-listing-page.ts'

test('a listing becomes a page with links: folders, files, links and those of Windows', () => {
  const listing = [
    'total 4',
    'drwxr-xr-x    2 ftp      ftp          4096 Jan 02  2026 pub',
    '-rw-r--r--    1 ftp      ftp             5 Jan 02 03:04 a file.txt',
    'lrwxrwxrwx    1 ftp      ftp             4 Jan 02  2026 latest -> pub',
    '01-02-26  03:04AM       <DIR>          folder',
    '01-02-26  03:04AM                    5 file',
  ].join('\r\n')
  const page = listingPage('/top;type=d', listing)
  const links = [...page.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g)].map((found) => found.slice(1))
  assert.deepEqual(links, [
    ['/', '..'],
    ['/top/pub/', 'pub'],
    ['/top/a%20file.txt', 'a file.txt'],
    ['/top/latest', 'latest'],
    ['/top/folder/', 'folder'],
    ['/top/file', 'file'],
  ])
  assert.match(page, /^total 4$/m)
  assert.match(page, /latest<\/a> -&gt; pub$/m)
  assert.match(page, /<title>\/top\/<\/title>/)
})

test('the top has no parent, a folder below has', () => {
  assert.doesNotMatch(listingPage('/', ''), /<a/)
  assert.match(listingPage('/a/b/', ''), /<a href="\/a\/">\.\.<\/a>/)
})

test('nothing that a server or a path says is taken for markup', () => {
  const name = `<script>alert("1")</script>&'`
  const page = listingPage(`/"><script>/`, `-rw-r--r-- 1 a b 5 Jan 02 2026 ${name}\n<b>${name}</b>`)
  assert.doesNotMatch(page, /<script|<b>/)
  const unlike = fc.constantFrom(...'<>"&\'/ -rwx d1\n\xe4')
  fc.assert(
    fc.property(fc.string({ unit: unlike }), fc.string({ unit: unlike }), (path, listing) => {
      const bare = listingPage(`/${path}`, listing).replace(
        /^<!DOCTYPE html>|<\/?(?:html|head|title|body|h1|pre)(?: lang="en")?>|<a href="[^"<>]*">|<\/a>/gm,
        '',
      )
      assert.doesNotMatch(bare, /[<>"]/)
    }),
  )
})
