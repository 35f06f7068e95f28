import { Writable } from 'node:stream'

/** Longest listing that is read (CORRECTNESS T23). */
const maxListingBytes = 1024 * 1024

/** Takes what a server prints about a directory. */
export class FtpListing extends Writable {
  readonly #chunks: Buffer[] = []
  #bytes = 0

  /** The octets, one a character (latin1). */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  override _write(bytes: Buffer, _encoding: string, ready: (error?: Error) => void): void {
    this.#bytes += bytes.length
    if (this.#bytes > maxListingBytes) return ready(new Error(`The listing exceeded ${maxListingBytes} bytes`))
    this.#chunks.push(bytes)
    ready()
  }
}
