import type { StoredResponse } from './stored-response.ts'

/** Most variants kept under one key; the oldest goes first (CORRECTNESS T40). */
export const maxVariantCount = 32

/** Cache key -> stored responses (variants). Every back end passes test/contract/response-index.ts. */
export interface ResponseIndex {
  /** Do others write to it, whose content is in stores of their own? */
  readonly isShared: boolean
  /**
   * All variants under `key`, newest first; empty when there is none or the record is not of our shape.
   * Rejects with `STORE_INDEX_DOWN`, an embedded index with the fault of its disk. An embedded index answers at once.
   */
  get(key: string): readonly StoredResponse[] | Promise<readonly StoredResponse[]>
  /**
   * Replaces the variants under `key` by what `change` makes of them; changes to one key happen one after another.
   * Resolves once the change survives power loss. An empty result removes the key. `known` are the variants as the
   * caller has just read them: then they are not read again.
   */
  update(
    key: string,
    change: (variants: readonly StoredResponse[]) => readonly StoredResponse[],
    known?: readonly StoredResponse[],
  ): Promise<void>
  /**
   * Pins the variants under `key`, or unpins them; answers whether there are any. What an update puts in the place of pinned
   * variants is pinned too.
   */
  setPinned(key: string, pinned: boolean): Promise<boolean>
  /** Removes a key; answers whether it was there. */
  delete(key: string): Promise<boolean>
  /** Every key with its variants, in no particular order. */
  entries(): AsyncIterable<readonly [key: string, variants: readonly StoredResponse[]]>
  close(): Promise<void>
}
