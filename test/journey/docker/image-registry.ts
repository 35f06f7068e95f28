import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** What answers for a manifest must be called. */
export const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'

const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** Adds a registry at `/v2/` that has one image, `larder/hello:1`, of one layer with one file. */
export function addImage(files: Map<string, Buffer>): void {
  const layer = tar('hello', Buffer.alloc(200_000, 'hello from a registry\n'))
  const packed = gzipSync(layer)
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const description = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      history: [{ created_by: 'test' }],
    }),
  )
  const part = (kind: string, content: Buffer): object => ({
    mediaType: `application/vnd.docker.${kind}`,
    size: content.length,
    digest: digestOf(content),
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: part('container.image.v1+json', description),
      layers: [part('image.rootfs.diff.tar.gzip', packed)],
    }),
  )
  const top = '/v2/larder/hello'
  files.set('/v2/', Buffer.from('{}'))
  for (const name of ['1', digestOf(manifest)]) files.set(`${top}/manifests/${name}`, manifest)
  for (const content of [description, packed]) files.set(`${top}/blobs/${digestOf(content)}`, content)
}

/** A tar archive of one file (POSIX ustar). */
function tar(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(512)
  const octal = (value: number, place: number, digits: number): void => {
    head.write(`${value.toString(8).padStart(digits, '0')}\0`, place)
  }
  head.write(name, 0)
  octal(0o755, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(content.length, 124, 11)
  octal(0, 136, 11)
  head.write('        0', 148)
  head.write('ustar\x0000', 257)
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  )
  return Buffer.concat([head, content, Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024)])
}
