import type { Fault } from '../base/faults.ts'

/** What hears of a run. */
export interface RunListener {
  /** Bytes before `end` can be read; `isWritable`: more may be written. */
  written(end: number, isWritable: boolean): void
  /** What was not written yet is lost. */
  failed(fault: Fault): void
}

/** Bytes that follow each other from a position ahead of all others. */
export interface RunWriter {
  /** Takes `chunk`, which must not change afterwards. Answers `false` when the caller should wait for the listener's word. */
  write(chunk: Buffer): boolean
}

/** Writing at positions beyond the bytes that a `BlobWriter` accepted so far: its file then has holes. */
export interface AheadWriter {
  /** Begins a run at `first`, where no other run has bytes. */
  begin(first: number, listener: RunListener): RunWriter
  /**
   * Takes the bytes before `end` that runs have written as accepted, as if they were written now. Nothing else may be written meanwhile.
   * Rejects with a store fault.
   */
  absorb(end: number): Promise<void>
}
