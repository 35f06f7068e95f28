/** Responses kept in memory, bounded by bytes; the least recently used go first. Losing one costs a look-up, nothing more. */
export interface HotResponses<T> {
  get(key: string): T | undefined
  /** Keeps `value`; larger than the whole bound: not kept. */
  set(key: string, value: T, sizeBytes: number): void
  delete(key: string): void
  clear(): void
}
