import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IndexRejection } from '../base/events.ts'

export interface OpenedRecord {
  readonly key: string
  /** When it was sealed, milliseconds since the epoch. */
  readonly at: number
  readonly record: string
}

const head = /^larder1 (\d{1,16}) ([A-Za-z0-9_-]{43})$/

/**
 * Seals the records that stand on a server, so that nobody can change, exchange or invent one (CORRECTNESS T33): a text is
 *
 *     larder1 AT MAC
 *     KEY      (JSON)
 *     RECORD   (JSON: status, fields, content's digest and size, times)
 *
 * and MAC is HMAC-SHA-256 over the partition and all the rest, byte by byte.
 */
export class RecordSeal {
  readonly #secret: Buffer
  readonly #partition: string

  /** `partition`: what is sealed for one is nothing for another. */
  constructor(secret: Buffer, partition: string) {
    this.#secret = secret
    this.#partition = partition
  }

  /** The name a key has on the server: 43 letters, digits, `-` and `_`. Only who knows the secret can tell it. */
  nameOf(key: string): string {
    return this.#mac('name', JSON.stringify(key)).toString('base64url')
  }

  close(key: string, at: number, record: string): string {
    const named = JSON.stringify(key)
    return `larder1 ${at} ${this.#mac('record', String(at), named, record).toString('base64url')}\n${named}\n${record}`
  }

  /** `key`: whose record it should be; without, that of any key. */
  open(text: string, key?: string): OpenedRecord | Exclude<IndexRejection, 'replayed'> {
    const [first, second] = lineEnds(text)
    const found = second < 0 ? null : head.exec(text.slice(0, first))
    if (found === null) return 'malformed'
    const [, at, given] = found as unknown as [string, string, string]
    const named = text.slice(first + 1, second)
    const record = text.slice(second + 1)
    if (!timingSafeEqual(Buffer.from(given, 'base64url'), this.#mac('record', at, named, record))) return 'forged'
    const own: unknown = JSON.parse(named)
    if (key !== undefined && own !== key) return 'swapped'
    return { key: own as string, at: Number(at), record }
  }

  /** No part holds a line break but the last. */
  #mac(...parts: readonly string[]): Buffer {
    const mac = createHmac('sha256', this.#secret)
    return mac.update(`larder index\n${JSON.stringify(this.#partition)}\n${parts.join('\n')}`).digest()
  }
}

function lineEnds(text: string): readonly [number, number] {
  const first = text.indexOf('\n')
  return [first, first < 0 ? -1 : text.indexOf('\n', first + 1)]
}
