import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../src/base/faults.ts'
import { ftpPath, pathFrom } from '../../../src/upstream/ftp-path.ts'

test('a path is decoded exactly once (CORRECTNESS T23)', () => {
  assert.deepEqual(ftpPath('/pub/a%20b'), { octets: '/pub/a b', directory: false })
  assert.deepEqual(ftpPath('/%2541'), { octets: '/%41', directory: false })
  assert.deepEqual(ftpPath('/%C3%A4'), { octets: '/\xc3\xa4', directory: false })
  assert.deepEqual(ftpPath('/a?b#c'), { octets: '/a?b#c', directory: false })
})

test('a path that ends in a slash, or says so, is a directory (RFC 1738 section 3.2.2)', () => {
  for (const path of ['/', '/pub/', '/pub;type=d', '/pub%2F']) assert.equal(ftpPath(path).directory, true)
})

test('text and image type name the same file, whose bytes come as they are', () => {
  for (const type of ['a', 'A', 'i', 'I']) {
    assert.deepEqual(ftpPath(`/file;type=${type}`), { octets: '/file', directory: false })
  }
  assert.deepEqual(ftpPath('/file;type=x'), { octets: '/file;type=x', directory: false })
})

test('a path begins in the folder of the login, unless it has one slash more (RFC 1738 section 3.2.2)', () => {
  const from = (folder: string, path: string): string => pathFrom(folder, ftpPath(path))
  assert.equal(from('/', '/pub/file'), '/pub/file')
  assert.equal(from('/home/builder', '/pub/file'), '/home/builder/pub/file')
  assert.equal(from('/home/builder/', '/'), '/home/builder/')
  assert.equal(from('/home/builder', '/%2Fetc/motd'), '/etc/motd')
  assert.equal(from('/home/builder', '//etc/motd'), '/etc/motd')
})

for (const path of ['/a%0d%0aDELE%20b', '/a%00', '/%1f', '/%7F', '/%', '/%4', '/%zz', '/a\u0100']) {
  test(`${JSON.stringify(path)} is refused`, () => {
    assert.throws(
      () => ftpPath(path),
      (error) => error instanceof Fault && error.code === 'CLIENT_REQUEST_INVALID',
    )
  })
}

test('no path whatever puts a control character into a command', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'%0123adDAfF7/;=\r\n\u0000 e') }), (text) => {
      try {
        assert.doesNotMatch(ftpPath(`/${text}`).octets, /[^ -~\x80-\xff]/)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        assert.equal(error.code, 'CLIENT_REQUEST_INVALID')
      }
    }),
  )
})
