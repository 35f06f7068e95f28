/** A database in the data folder, as its last commit left it. */
export interface DatabaseRoom {
  readonly usedBytes: number
  /** Pages that hold nothing and are used again. */
  readonly freeBytes: number
  /** Gives up to so many bytes of free pages back to the filesystem. */
  shrink(bytes: number): Promise<void>
}

/** What the store takes, in bytes and in numbers. */
export interface StoreUse {
  readonly quotaBytes: number
  readonly usedBytes: number
  readonly kinds: {
    readonly blobs: number
    readonly 'small-blobs': number
    readonly index: number
    /** Damaged databases. */
    readonly 'set-aside': number
  }
  /** Pages of the databases that hold nothing; they are in `kinds`. */
  readonly freeBytes: number
  /** Logs, folders and what is set aside count so much from the start; not in `usedBytes`. */
  readonly fixedBytes: number
  readonly reservedBytes: number
  readonly blobs: number
  readonly responses: number
  readonly pinned: number
}
