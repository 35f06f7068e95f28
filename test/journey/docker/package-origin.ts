import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { command } from '../../support/command.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'
import { manifestType } from './image-registry.ts'

/** An https origin with a small package for each tool; Larder finds it under this name. */
export const originName = 'packages.test'

const types = [
  [/^\/simple\//, 'text/html'],
  [/^\/v2\/.*\/manifests\//, manifestType],
] as const

export interface PackageOrigin extends TlsOrigin {
  /** `https://packages.test:port` */
  readonly base: string
  /** What it serves, by path; more may be added. */
  readonly files: Map<string, Buffer>
}

/** Serves `/file.bin`, an apt archive at `/deb` and a Python index at `/simple`. */
export async function startPackageOrigin(folder: string): Promise<PackageOrigin> {
  const files = new Map<string, Buffer>()
  const origin = await startTlsOrigin((request, response) => {
    const content = files.get(request.url!.split('?')[0]!)
    const type = types.find(([path]) => path.test(request.url!))?.[1] ?? 'application/octet-stream'
    const fields = { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600', ETag: `"${request.url}"` }
    if (request.headers['if-none-match'] === fields.ETag) return void response.writeHead(304, fields).end()
    response.writeHead(content === undefined ? 404 : 200, { ...fields, 'Content-Length': content?.length ?? 0 })
    response.end(request.method === 'HEAD' ? undefined : content)
  })
  const base = `https://${originName}:${origin.port}`
  files.set('/file.bin', Buffer.alloc(100_000, 'larder'))
  await addArchive(files, folder)
  addIndex(files)
  return { ...origin, base, files, stop: () => origin.stop() }
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const end = await command(program, args)
  if (end.code !== 0) throw new Error(`${program}: ${end.stderr}`)
}

async function addArchive(files: Map<string, Buffer>, folder: string): Promise<void> {
  const tree = join(folder, 'greeting')
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, 'usr/bin'), { recursive: true })
  writeFileSync(join(tree, 'usr/bin/greeting'), '#!/bin/sh\necho hello from apt\n', { mode: 0o755 })
  const control = [
    'Package: greeting',
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.org>',
    'Description: greets',
  ].join('\n')
  writeFileSync(join(tree, 'DEBIAN/control'), `${control}\n`)
  const deb = join(folder, 'greeting.deb')
  await run('dpkg-deb', '--root-owner-group', '--build', tree, deb)
  const content = readFileSync(deb)
  const file = 'pool/greeting_1.0_all.deb'
  const packages = Buffer.from(`${control}\nFilename: ${file}\nSize: ${content.length}\nSHA256: ${digestOf(content)}\n`)
  const index = 'main/binary-all/Packages'
  const release = [
    'Codename: test',
    'Architectures: all',
    'Components: main',
    'SHA256:',
    ` ${digestOf(packages)} ${packages.length} ${index}`,
  ]
  files.set(`/deb/${file}`, content)
  files.set(`/deb/dists/test/${index}`, packages)
  files.set('/deb/dists/test/Release', Buffer.from(`${release.join('\n')}\n`))
}

function addIndex(files: Map<string, Buffer>): void {
  const info = 'six-1.17.0.dist-info'
  const wheel = zip({
    'six.py': '__version__ = "1.17.0"\n',
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  })
  const name = 'six-1.17.0-py3-none-any.whl'
  files.set(`/wheels/${name}`, wheel)
  const link = `<a href="/wheels/${name}#sha256=${digestOf(wheel)}">${name}</a>`
  files.set('/simple/six/', Buffer.from(`<!DOCTYPE html><html><body>${link}</body></html>\n`))
}

/** A zip archive of stored files (APPNOTE 4.3). */
export function zip(contents: Readonly<Record<string, string | Buffer>>): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, given] of Object.entries(contents)) {
    const [path, content] = [Buffer.from(name), typeof given === 'string' ? Buffer.from(given) : given]
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(0x21, 8)
    shared.writeUInt32LE(crc32(content), 10)
    shared.writeUInt32LE(content.length, 14)
    shared.writeUInt32LE(content.length, 18)
    shared.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, path, content])
    const entry = Buffer.alloc(46)
    entry.write('PK\x01\x02')
    entry.writeUInt16LE(20, 4)
    shared.copy(entry, 6)
    entry.writeUInt32LE(0o100_644 * 0x1_0000, 38)
    entry.writeUInt32LE(offset, 42)
    directory.push(entry, path)
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(locals.length, 8)
  end.writeUInt16LE(locals.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, central, end])
}
