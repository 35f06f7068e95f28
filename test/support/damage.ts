import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from '../../src/base/digest.ts'

/** Turns one bit of a file. */
export function flip(file: string, position: number): void {
  const fd = openSync(file, 'r+')
  const byte = readFileSync(file)[position]!
  writeSync(fd, Buffer.from([byte ^ 0x10]), 0, 1, position)
  closeSync(fd)
}

/** What may happen to the file of a blob. `swapped` damages the `other` file too. */
export const fileDamages: Readonly<Record<string, (file: string, other: string) => void>> = {
  'first bit flipped': (file) => flip(file, 0),
  'middle bit flipped': (file) => flip(file, Math.floor(statSync(file).size / 2)),
  'last bit flipped': (file) => flip(file, statSync(file).size - 1),
  'cut short': (file) => truncateSync(file, statSync(file).size - 1),
  'cut to nothing': (file) => truncateSync(file, 0),
  'longer by a byte': (file) => truncateSync(file, statSync(file).size + 1),
  'all zeros': (file) => {
    const { size } = statSync(file)
    truncateSync(file, 0)
    truncateSync(file, size)
  },
  swapped: (file, other) => {
    renameSync(file, `${file}.x`)
    renameSync(other, file)
    renameSync(`${file}.x`, other)
  },
  'writable by everybody': (file) => chmodSync(file, 0o666),
  'not readable': (file) => chmodSync(file, 0),
  'a symbolic link': (file) => {
    renameSync(file, `${file}.x`)
    symlinkSync(`${file}.x`, file)
  },
}

/** What may happen to the row of a small blob; such have no permissions and no links of their own. `swapped` damages the `other` row too. */
export const rowDamages: Readonly<Record<string, (row: Row, other: Row) => void>> = {
  'first bit flipped': (row) => row.write(flipped(row.read(), 0)),
  'middle bit flipped': (row) => row.write(flipped(row.read(), row.read().length >> 1)),
  'last bit flipped': (row) => row.write(flipped(row.read(), row.read().length - 1)),
  'cut short': (row) => row.write(row.read().subarray(0, -1)),
  'cut to nothing': (row) => row.write(Buffer.alloc(0)),
  'longer by a byte': (row) => row.write(Buffer.concat([row.read(), Buffer.alloc(1)])),
  'all zeros': (row) => row.write(Buffer.alloc(row.read().length)),
  swapped: (row, other) => {
    const bytes = row.read()
    row.write(other.read())
    other.write(bytes)
  },
  // The head of a packed row, and the length of what was packed.
  'says 4 GiB': (row) => row.write(Buffer.concat([Buffer.from('ff4c5a01ffffffff', 'hex'), row.read().subarray(8)])),
}

/** The row of a small blob, behind the back of the store. */
export class Row {
  readonly #database: DatabaseSync
  readonly #name: Buffer

  constructor(database: DatabaseSync, digest: Digest) {
    this.#database = database
    this.#name = Buffer.from(digest, 'hex')
  }

  read(): Buffer {
    const row = this.#database.prepare('SELECT content FROM blob WHERE digest = ?').get(this.#name)
    return Buffer.from((row as { content: Uint8Array }).content)
  }

  write(content: Buffer): void {
    this.#database.prepare('UPDATE blob SET content = ? WHERE digest = ?').run(content, this.#name)
  }
}

function flipped(bytes: Buffer, position: number): Buffer {
  bytes[position]! ^= 0x10
  return bytes
}
