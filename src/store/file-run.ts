import type { RunListener, RunWriter } from './ahead-writer.ts'
import type { Disk } from './disk.ts'
import { storeFault } from './store-fault.ts'

/** Bytes waiting to be written, beyond which the producer should pause. */
const maxPendingBytes = 1024 * 1024

export interface FileRunParts {
  readonly disk: Disk
  readonly path: string
  readonly open: () => Promise<number>
  readonly listener: RunListener
}

/** A run of bytes on its way into a file. */
export class FileRun implements RunWriter {
  readonly #parts: FileRunParts
  #end: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #isOver = false

  constructor(parts: FileRunParts, first: number) {
    this.#parts = parts
    this.#end = first
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver) return false
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    this.#writing ??= this.#writeAll()
    return this.#pendingBytes < maxPendingBytes
  }

  /** Takes nothing more; resolves when nothing of it touches the file any more. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#writing
  }

  /** Never rejects: the listener hears of the fault. */
  async #writeAll(): Promise<void> {
    const { open, listener, path } = this.#parts
    try {
      const fd = await open()
      while (this.#pending.length > 0) await this.#writeSome(fd)
      this.#writing = undefined
    } catch (error) {
      this.#isOver = true
      this.#pending = []
      this.#writing = undefined
      listener.failed(storeFault(`writing ${path}`, error))
    }
  }

  async #writeSome(fd: number): Promise<void> {
    const { disk, listener } = this.#parts
    const buffers = this.#pending
    this.#pending = []
    while (buffers.length > 0) {
      let count = await disk.writev(fd, buffers, this.#end)
      if (count === 0) throw new Error('nothing was written')
      this.#end += count
      this.#pendingBytes -= count
      while (buffers.length > 0 && count >= buffers[0]!.length) count -= buffers.shift()!.length
      if (count > 0) buffers[0] = buffers[0]!.subarray(count)
    }
    listener.written(this.#end, this.#pendingBytes < maxPendingBytes)
  }
}
