import type { Timers } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import type { Disk, FileFacts } from './disk.ts'

export interface BoundedDiskOptions {
  readonly disk: Disk
  readonly timers: Timers
  /** So many calls run at a time: one that hangs keeps a thread that looking up names needs too. */
  readonly mostAtOnce: number
  /** Told once that the disk does not answer, until it does again. */
  readonly onUnanswered: (fault: Fault) => void
}

/** The disk has not answered in time, and may do what it was asked for later, with the buffers that it was given. */
export class Unanswered extends Fault {}

/** Time is counted in these, so that a process that was stopped for a while does not take that for the disk. */
const tickMs = 1_000
const mostTicks = 10
/** The other thread that folds logs has more to do than one call. */
const mostFoldTicks = 60
/** Syncing a file takes the longer the more was written to it: a slow disk takes so much in a tick. */
const bytesPerTick = 4 * 1024 * 1024

interface Call {
  readonly what: string
  readonly dueTick: number
  readonly run: () => void
  readonly reject: (fault: Fault) => void
  isGivenUp: boolean
}

interface Asked<T> {
  readonly work: () => Promise<T>
  /** What is done with an answer that nobody waits for any more. */
  readonly late?: (value: T) => void
  readonly moreTicks?: number
}

/**
 * A disk that may hang, with a deadline for every call: about ten seconds after that it fails with `STORE_IO`. Until all that hangs has
 * been answered nothing more is asked; that answer is the probe, and costs no further thread.
 */
export class BoundedDisk implements Disk {
  readonly #options: BoundedDiskOptions
  readonly #disk: Disk
  readonly #calls = new Set<Call>()
  #queue: Call[] = []
  #runningCount = 0
  /** Calls that were given up and are under way. */
  #hangingCount = 0
  #tick = 0
  #callOff: (() => void) | undefined
  #closed = false
  /** Files that nothing may be done to before the disk answers: until then a number must not name another file. */
  #toClose: number[] = []
  /** What was written to each open file. */
  readonly #writtenBytes = new Map<number, number>()

  constructor(options: BoundedDiskOptions) {
    this.#options = options
    this.#disk = options.disk
  }

  open(path: string, flags: number, mode?: number): Promise<number> {
    return this.#ask('open', {
      work: () => this.#disk.open(path, flags, mode),
      late: (fd) => this.#closeUnasked(fd),
    })
  }

  async writev(fd: number, buffers: Buffer[], position: number): Promise<number> {
    const count = await this.#ask('write', { work: () => this.#disk.writev(fd, buffers, position) })
    this.#writtenBytes.set(fd, (this.#writtenBytes.get(fd) ?? 0) + count)
    return count
  }

  read(fd: number, target: Buffer, position: number): Promise<number> {
    return this.#ask('read', { work: () => this.#disk.read(fd, target, position) })
  }

  fsync(fd: number): Promise<void> {
    const moreTicks = Math.floor((this.#writtenBytes.get(fd) ?? 0) / bytesPerTick)
    return this.#ask('fsync', { work: () => this.#disk.fsync(fd), moreTicks })
  }

  fdatasync(fd: number): Promise<void> {
    return this.#ask('fdatasync', { work: () => this.#disk.fdatasync(fd) })
  }

  close(fd: number): Promise<void> {
    this.#writtenBytes.delete(fd)
    if (this.#hangingCount === 0) return this.#ask('close', { work: () => this.#disk.close(fd) })
    this.#toClose.push(fd)
    return Promise.reject(unanswered('close'))
  }

  truncate(fd: number, sizeBytes: number): Promise<void> {
    return this.#ask('truncate', { work: () => this.#disk.truncate(fd, sizeBytes) })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#ask('rename', { work: () => this.#disk.rename(from, to) })
  }

  unlink(path: string): Promise<void> {
    return this.#ask('unlink', { work: () => this.#disk.unlink(path) })
  }

  facts(fd: number): Promise<FileFacts> {
    return this.#ask('stat', { work: () => this.#disk.facts(fd) })
  }

  /** Work on the same disk that another thread does: while it does not end in time nothing is asked here, either. */
  watch(work: Promise<unknown>): void {
    const nothing = (): void => {}
    const call = this.#begin('fold', mostFoldTicks, nothing, nothing)
    const over = (): void => this.#over(call)
    work.then(over, over)
  }

  /** No deadline is kept any more. */
  stopWatching(): void {
    this.#closed = true
    this.#callOff?.()
  }

  #ask<T>(what: string, { work, late, moreTicks = 0 }: Asked<T>): Promise<T> {
    if (this.#hangingCount > 0) return Promise.reject(unanswered(what))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const run = (): void => {
      this.#runningCount += 1
      work()
        .then((value) => (call.isGivenUp ? late?.(value) : resolve(value)), reject)
        .finally(() => {
          this.#runningCount -= 1
          this.#over(call)
        })
    }
    const call = this.#begin(what, mostTicks + moreTicks, run, reject)
    if (this.#runningCount < this.#options.mostAtOnce) run()
    else this.#queue.push(call)
    return promise
  }

  #begin(what: string, ticks: number, run: Call['run'], reject: Call['reject']): Call {
    const call: Call = { what, dueTick: this.#tick + ticks, run, reject, isGivenUp: false }
    this.#calls.add(call)
    if (this.#callOff === undefined && !this.#closed) this.#tickLater()
    return call
  }

  #over(call: Call): void {
    this.#calls.delete(call)
    if (call.isGivenUp && --this.#hangingCount === 0) for (const fd of this.#toClose.splice(0)) this.#closeUnasked(fd)
    if (this.#runningCount < this.#options.mostAtOnce) this.#queue.shift()?.run()
  }

  #tickLater(): void {
    this.#callOff = this.#options.timers.after(tickMs, () => {
      this.#callOff = undefined
      this.#tick += 1
      for (const call of this.#calls) if (call.dueTick <= this.#tick && !call.isGivenUp) this.#giveUp(call)
      if (this.#calls.size > 0) this.#tickLater()
    })
  }

  #giveUp(call: Call): void {
    if (this.#queue.includes(call)) return this.#dismiss(call)
    call.isGivenUp = true
    this.#hangingCount += 1
    const fault = unanswered(call.what)
    call.reject(fault)
    for (const waiting of this.#queue.slice()) this.#dismiss(waiting)
    if (this.#hangingCount === 1) this.#options.onUnanswered(fault)
  }

  /** What has not begun never will: whoever asked for it goes on without it. */
  #dismiss(call: Call): void {
    this.#queue = this.#queue.filter((one) => one !== call)
    this.#calls.delete(call)
    call.reject(unanswered(call.what))
  }

  #closeUnasked(fd: number): void {
    void this.close(fd).catch(() => undefined)
  }
}

function unanswered(what: string): Unanswered {
  return new Unanswered('STORE_IO', `the disk has not answered for ${(mostTicks * tickMs) / 1_000} s: ${what}`)
}
