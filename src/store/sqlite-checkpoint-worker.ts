import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { CheckpointAnswer, CheckpointRequest } from './sqlite-checkpointer.ts'

/** SQLITE_IOERR, the low byte of every error of the disk. */
const ioError = 10

/** Folds the log of each database it is asked about into its file, as far as neither readers nor the writer are held up. */
function serve(port: MessagePort): void {
  const open = new Map<string, DatabaseSync>()
  port.on('message', ({ id, path }: CheckpointRequest) => {
    port.postMessage({ id, ...fold(open, path) } satisfies CheckpointAnswer)
  })
}

function fold(open: Map<string, DatabaseSync>, path: string): Omit<CheckpointAnswer, 'id'> {
  try {
    let database = open.get(path)
    if (database === undefined) {
      database = new DatabaseSync(path)
      open.set(path, database)
    }
    const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number; checkpointed: number }
    return { whole: row.checkpointed >= row.log, diskError: undefined }
  } catch (error) {
    const { errcode, message } = error as { readonly errcode?: number; readonly message: string }
    return { whole: false, diskError: ((errcode ?? 0) & 0xff) === ioError ? message : undefined }
  }
}

if (parentPort !== null) serve(parentPort)
