import { closeSync, constants, fstatSync, openSync, type Stats, write as writeFd } from 'node:fs'
import { Socket } from 'node:net'
import type { AdminChangeEvent, ExchangeEvent } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { formatChange, formatLine } from './access-log.ts'

export interface AccessLog {
  /** Never throws, never blocks; a line that finds more than 8 MiB waiting is dropped and counted. */
  write(event: ExchangeEvent | AdminChangeEvent): void
  /** Opens the file anew, after it was moved away. */
  reopen(): void
  /** Writes what waits, for at most a second, and lets go of the file. */
  close(): Promise<void>
  /** Lines dropped so far, because the sink was stuck or gone. */
  readonly droppedCount: number
}

/** Where bytes go; `done` is called once when they have arrived, or with what went wrong. */
interface Sink {
  write(bytes: Buffer, done: (error: Error | null) => void): void
  close(): void
}

const mostWaitingBytes = 8 * 1024 * 1024
const closeWaitMs = 1000
const standardOutput = 1
const logMode = 0o640

/** `-`: standard output; `none`: nothing is written; else a file, appended to. Throws `CONFIG_BAD_VALUE` when it cannot be opened. */
export function openAccessLog(target: string): AccessLog {
  if (target === 'none') return noAccessLog
  if (target === '-') return new BatchedAccessLog(openStandardOutput(), undefined)
  return new BatchedAccessLog(openFile(target), () => openFile(target))
}

const noAccessLog: AccessLog = {
  write: () => undefined,
  reopen: () => undefined,
  close: () => Promise.resolve(),
  droppedCount: 0,
}

/** Lines wait in memory while one batch is on its way, so they keep their order. */
class BatchedAccessLog implements AccessLog {
  readonly #reopen: (() => Sink) | undefined
  #sink: Sink
  #waiting: string[] = []
  #waitingBytes = 0
  #busy = false
  #scheduled = false
  #dropped = 0
  #idle: (() => void) | undefined

  constructor(sink: Sink, reopen: (() => Sink) | undefined) {
    this.#sink = sink
    this.#reopen = reopen
  }

  get droppedCount(): number {
    return this.#dropped
  }

  write(event: ExchangeEvent | AdminChangeEvent): void {
    const line = event.kind === 'exchange' ? formatLine(event) : formatChange(event)
    if (this.#waitingBytes + line.length > mostWaitingBytes) {
      this.#dropped++
      return
    }
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    if (this.#busy || this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  reopen(): void {
    if (this.#reopen === undefined) return
    try {
      const sink = this.#reopen()
      this.#sink.close()
      this.#sink = sink
    } catch {
      // The old file stays in use: a line in the wrong place is better than none.
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#idle?.(), closeWaitMs)
      this.#idle = () => {
        clearTimeout(timer)
        this.#idle = undefined
        this.#sink.close()
        resolve()
      }
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#busy) return
    if (this.#waiting.length === 0) return this.#idle?.()
    const lines = this.#waiting
    this.#waiting = []
    this.#busy = true
    const bytes = Buffer.from(lines.join(''))
    this.#sink.write(bytes, (error) => {
      this.#busy = false
      this.#waitingBytes = this.#waiting.reduce((sum, line) => sum + line.length, 0)
      if (error !== null) this.#dropped += lines.length
      this.#flush()
    })
  }
}

function openFile(path: string): Sink {
  try {
    return descriptorSink(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, logMode), true)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'it cannot be opened'
    throw new Fault('CONFIG_BAD_VALUE', `access-log is ${JSON.stringify(path)}: ${reason}`, { cause })
  }
}

/** A pipe or socket goes through the event loop, so that a reader who stopped reading holds up no thread. */
function openStandardOutput(): Sink {
  let stats: Stats
  try {
    stats = fstatSync(standardOutput)
  } catch {
    return { write: (_, done) => setImmediate(done, new Error('standard output is closed')), close: () => undefined }
  }
  return stats.isFIFO() || stats.isSocket() ? socketSink(standardOutput) : descriptorSink(standardOutput, false)
}

function socketSink(fd: number): Sink {
  const socket = new Socket({ fd, readable: false, writable: true })
  // A reader that went away (EPIPE) costs the lines, not the daemon.
  socket.on('error', () => undefined)
  return {
    write: (bytes, done) => {
      if (socket.destroyed) setImmediate(done, new Error('nobody reads standard output'))
      else socket.write(bytes, (error) => done(error ?? null))
    },
    close: () => socket.unref(),
  }
}

function descriptorSink(fd: number, owned: boolean): Sink {
  let busy = false
  let closing = false
  const closeWhenIdle = (): void => {
    if (closing && owned && !busy) closeSync(fd)
  }
  const put = (bytes: Buffer, done: (error: Error | null) => void): void => {
    busy = true
    writeFd(fd, bytes, 0, bytes.length, null, (error, writtenBytes) => {
      if (error === null && writtenBytes < bytes.length) return put(bytes.subarray(writtenBytes), done)
      busy = false
      closeWhenIdle()
      done(error)
    })
  }
  return {
    write: put,
    close: () => {
      closing = true
      closeWhenIdle()
    },
  }
}
