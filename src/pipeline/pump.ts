import { asFault, type Fault } from '../base/faults.ts'
import type { ByteSource } from '../store/blob-store.ts'
import type { ClientResponse } from './exchange.ts'

/** Most bytes asked of a source at once. */
const chunkBytes = 1024 * 1024
/** Chunks handed to the connection and not flushed yet: one is being sent while the next is read. */
const maxUnflushedCount = 2

/** How a transfer ended: all bytes handed over, the client gone, or the source broken. */
export type PumpEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'broken'; readonly fault: Fault }

/**
 * Moves the bytes from `first` up to but not including `end` (`undefined`: to the end of the source) to the client, as fast as the
 * client takes them. Written with callbacks, not streams or async iteration: it runs once per chunk of every hit.
 */
export function pump(
  source: ByteSource,
  response: ClientResponse,
  first: number,
  end: number | undefined,
  onFirstByte: () => void,
): Promise<PumpEnd> {
  return new Promise((resolve) => {
    let position = first
    let unflushed = 0
    let reading = false
    let over = false

    const settle = (result: PumpEnd): void => {
      if (over) return
      over = true
      resolve(result)
    }
    const send = (chunk: Buffer | undefined): void => {
      if (chunk === undefined) return settle({ kind: 'done' })
      if (position === first) onFirstByte()
      position += chunk.length
      unflushed += 1
      response.write(chunk, () => {
        source.release(chunk)
        unflushed -= 1
        if (!over && !reading) advance()
      })
    }
    const advance = (): void => {
      while (!over && !reading && unflushed < maxUnflushedCount) {
        if (response.closed) return settle({ kind: 'gone' })
        if (end !== undefined && position >= end) return settle({ kind: 'done' })
        const limit = end === undefined ? chunkBytes : Math.min(chunkBytes, end - position)
        const next = source.next(position, limit)
        if (!(next instanceof Promise)) {
          reading = true
          send(next)
          reading = false
          continue
        }
        reading = true
        next.then(
          (chunk) => {
            reading = false
            if (over) {
              if (chunk !== undefined) source.release(chunk)
              return
            }
            send(chunk)
            advance()
          },
          (error) => settle({ kind: 'broken', fault: asFault(error) }),
        )
      }
    }
    response.onClose(() => settle({ kind: 'gone' }))
    advance()
  })
}
