import { asFault } from '../base/faults.ts'
import { CommandFailure, exitCodeOf } from './exit-codes.ts'

// Control characters from URLs, errors or origins must not steer the terminal (CORRECTNESS T45).
const harmful = /[^\P{C}\n\t]/gu

/** The only writer to standard output and standard error. */
export class Terminal {
  #opened: NodeJS.WriteStream | undefined
  readonly #err = tolerant(process.stderr)
  #progressShown = false

  /** Opened by the first result: the daemon leaves standard output to the access log. */
  get #out(): NodeJS.WriteStream {
    return (this.#opened ??= tolerant(process.stdout))
  }

  /** Is a person looking at the progress? */
  get interactive(): boolean {
    return this.#err.isTTY === true
  }

  /** Results: text for people or scripts. */
  print(text: string): void {
    this.#clearProgress()
    this.#out.write(text.replace(harmful, '\uFFFD'))
  }

  printJson(value: unknown): void {
    this.print(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** As `print`, for much of it; resolves when more may be written. */
  async printAll(text: string): Promise<void> {
    this.#clearProgress()
    if (text !== '') await this.printBytes(Buffer.from(text.replace(harmful, '\uFFFD')))
  }

  /** Results as they are; resolves when more may be written. */
  async printBytes(bytes: Uint8Array): Promise<void> {
    if (!this.#out.write(bytes)) await new Promise((resolve) => this.#out.once('drain', resolve))
  }

  /** What people should know, apart from the results. */
  note(text: string): void {
    this.#clearProgress()
    this.#err.write(`${text.replace(harmful, '\uFFFD')}\n`)
  }

  /** Replaces the line of progress on a terminal; nothing elsewhere. */
  progress(text: string): void {
    if (!this.interactive) return
    this.#err.write(`\r\u001b[K${text.replace(harmful, '\uFFFD')}`)
    this.#progressShown = true
  }

  /** Prints what went wrong and what to do, and answers the exit code. */
  failure(error: unknown): number {
    if (error instanceof CommandFailure) {
      this.note(`larder: ${error.message}\n  ${error.remedy}`)
      return error.exitCode
    }
    const fault = asFault(error)
    this.note(`larder: ${fault.code}: ${fault.message}\n  ${fault.row.remedy}`)
    if (fault.code === 'INTERNAL_UNEXPECTED' && error instanceof Error) this.note(error.stack ?? '')
    return exitCodeOf(fault)
  }

  /** Resolves when everything was handed to the system. */
  async flush(): Promise<void> {
    this.#clearProgress()
    const written = (stream: NodeJS.WriteStream): Promise<void> =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve()
        else stream.write('', () => resolve())
      })
    await Promise.all([this.#err, ...(this.#opened === undefined ? [] : [this.#opened])].map(written))
  }

  #clearProgress(): void {
    if (!this.#progressShown) return
    this.#progressShown = false
    this.#err.write('\r\u001b[K')
  }
}

/** A reader that has seen enough (`larder stats | head -1`) is no error. */
function tolerant(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.on('error', () => undefined)
}
