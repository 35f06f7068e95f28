import type { ChunkSums } from './chunk-sums.ts'
import { type Disk, systemDisk } from './disk.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import { SqliteGroupCommit } from './sqlite-group-commit.ts'
import { bundlesSchema, SqliteRecordBundles } from './sqlite-record-bundles.ts'
import { SqliteSumTable, sumsSchema } from './sqlite-sum-table.ts'

/** The file beside the blobs: the sums of their chunks, and copies of the records of the index, so that a lost index is made again. */
export class SqliteSideStore {
  readonly records: SqliteRecordBundles
  readonly #sums: SqliteSumTable
  readonly #commits: SqliteGroupCommit

  constructor(
    path: string,
    checkpointer: Checkpointer,
    onFault: (error: unknown) => void,
    disk: Disk = systemDisk,
    maxLogBytes?: number,
  ) {
    const schema = `${sumsSchema}; ${bundlesSchema}`
    this.#commits = new SqliteGroupCommit(path, schema, checkpointer, { disk, maxLogBytes, syncs: false })
    this.#sums = new SqliteSumTable(this.#commits, onFault)
    this.records = new SqliteRecordBundles(this.#commits, onFault)
  }

  get sums(): ChunkSums {
    return this.#sums
  }

  /** What the file takes, and gives back. */
  get room(): SqliteGroupCommit {
    return this.#commits
  }

  /** As `SqliteGroupCommit.heal`. */
  heal(): Promise<void> {
    return this.#commits.heal()
  }

  /** As `SqliteGroupCommit.fileCount`. */
  get fileCount(): number {
    return this.#commits.fileCount
  }

  /** As `SqliteGroupCommit.asideAs`. */
  get asideAs(): string | undefined {
    return this.#commits.asideAs
  }

  async close(): Promise<void> {
    await Promise.all([this.#sums.flush(), this.records.flush()])
    await this.#commits.close()
  }
}
