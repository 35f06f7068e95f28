/**
 * Named texts on a server that may stall, fail, forget and be forged. Every call may hang: the caller sets the deadline.
 * No call is kept for later while there is no connection; it fails at once.
 */
export interface RemoteStorage {
  /** Calls that it works on at the same time; more would only wait for each other. */
  readonly callsAtOnce: number
  get(name: string): Promise<string | undefined>
  set(name: string, text: string): Promise<void>
  /** Answers whether it was there. */
  delete(name: string): Promise<boolean>
  /** Resolves when the server answers; waits for a first connection. */
  ping(): Promise<void>
  /** Every text, in no particular order. */
  texts(): AsyncIterable<string>
  /** Leaves the connections, which may hang for ever, and makes new ones. */
  reset(): void
  close(): Promise<void>
}

/** The server answered that it does not do this: it is there, but full, read-only or of another opinion. */
export class ServerRefusal extends Error {
  /** Is it about this text alone? */
  readonly isOfText: boolean

  constructor(message: string, isOfText = false) {
    super(message)
    this.isOfText = isOfText
  }
}
