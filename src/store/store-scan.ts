/** What is stored already is learnt while the daemon runs. */
export interface StoreScan {
  /** Until then nothing is promised. `undefined`: it is known already what files take. */
  readonly files: Promise<void> | undefined
  /** Until then nothing is evicted. Ends early once it `isOver`. */
  readonly rest: (isOver: () => boolean) => Promise<void>
}
