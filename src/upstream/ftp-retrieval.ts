import type { Writable } from 'node:stream'
import { type FTPContext, FTPError, type FTPResponse, type TaskResolver } from 'basic-ftp'

/**
 * Sends `command` and takes the bytes of the open data connection to `destination`. Resolves when they have ended and the
 * server has confirmed it with a 2yz reply (CORRECTNESS T08). A destination that emits `enough` has all that it wants: then the data
 * connection is cut, and any reply ends the transfer. `timeoutMs`: longest silence while the destination has room.
 */
export function retrieve(
  context: FTPContext,
  command: string,
  destination: Writable,
  timeoutMs: number,
): Promise<unknown> {
  const retrieval = new Retrieval(context, destination, timeoutMs)
  return context
    .handle(command, (reply, task) => retrieval.take(reply, task))
    .finally(() => {
      retrieval.end()
    })
}

class Retrieval {
  readonly #context: FTPContext
  readonly #destination: Writable
  readonly #timeoutMs: number
  #timer: NodeJS.Timeout | undefined
  #isStarted = false
  #isCut = false
  #isConfirmed = false
  #isTaken = false

  constructor(context: FTPContext, destination: Writable, timeoutMs: number) {
    this.#context = context
    this.#destination = destination
    this.#timeoutMs = timeoutMs
  }

  take(reply: Error | FTPResponse, task: TaskResolver): void {
    if (this.#isCut && reply instanceof FTPError) this.#isConfirmed = true
    else if (reply instanceof Error) return task.reject(reply)
    else if (reply.code === 125 || reply.code === 150) this.#start(task)
    else if (reply.code >= 200 && reply.code < 300) this.#isConfirmed = true
    else if (reply.code >= 300) return task.reject(new Error(`Can't parse the answer to a transfer: ${reply.message}`))
    this.#settle(task)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#context.dataSocket = undefined
    // A transfer that never began leaves nobody waiting for the end of its destination.
    this.#destination.destroy()
  }

  #start(task: TaskResolver): void {
    const data = this.#context.dataSocket
    if (this.#isStarted || data === undefined) return
    this.#isStarted = true
    const destination = this.#destination
    // The control connection has nothing to say until the data have ended.
    this.#context.socket.setTimeout(0)
    const timer = setTimeout(() => this.#overdue(), this.#timeoutMs)
    this.#timer = timer
    data.on('data', (bytes: Buffer) => {
      timer.refresh()
      if (!destination.write(bytes)) data.pause()
    })
    destination.on('drain', () => {
      timer.refresh()
      data.resume()
    })
    destination.once('enough', () => this.#cut())
    destination.once('finish', () => {
      clearTimeout(timer)
      this.#isTaken = true
      this.#context.socket.setTimeout(this.#timeoutMs)
      this.#settle(task)
    })
    destination.once('error', (error) => this.#context.closeWithError(error))
    // The connection of an empty file may have ended before the reply that announces it was read.
    if (data.readableEnded) destination.end()
    else data.once('end', () => destination.end())
    data.once('close', (hadError) => {
      if (!hadError && !destination.writableEnded) {
        this.#context.closeWithError(new Error('The data connection closed before its end'))
      }
    })
  }

  #cut(): void {
    this.#isCut = true
    this.#destination.end()
    this.#context.dataSocket?.destroy()
  }

  #overdue(): void {
    if (this.#destination.writableNeedDrain) this.#timer?.refresh()
    else this.#context.closeWithError(new Error('Timeout (data socket)'))
  }

  #settle(task: TaskResolver): void {
    if (this.#isConfirmed && this.#isTaken) task.resolve(undefined)
  }
}
