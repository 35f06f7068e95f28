import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { CheckpointAnswer, CheckpointRequest } from './sqlite-checkpointer.ts'

/** SQLITE_IOERR, the low byte of every error of the disk. */
const ioError = 10

/** Folds the log of each database it is asked about into its file, as far as neither readers nor the writer are held up. */
function serve(port: MessagePort): void {
  const open = new Map<string, DatabaseSync>()
  port.on('message', ({ id, path, work }: CheckpointRequest) => {
    port.postMessage({ id, ...answer(open, path, work) } satisfies CheckpointAnswer)
  })
}

function answer(
  open: Map<string, DatabaseSync>,
  path: string,
  work: CheckpointRequest['work'],
): Omit<CheckpointAnswer, 'id'> {
  try {
    if (work === 'release') {
      open.get(path)?.close()
      open.delete(path)
      return { whole: true, diskError: undefined }
    }
    const database = open.get(path) ?? new DatabaseSync(path)
    open.set(path, database)
    return { whole: work === 'fold' ? fold(database) : check(database), diskError: undefined }
  } catch (error) {
    const { errcode, message } = error as { readonly errcode?: number; readonly message: string }
    return { whole: false, diskError: ((errcode ?? 0) & 0xff) === ioError ? `${work}: ${message}` : undefined }
  }
}

function fold(database: DatabaseSync): boolean {
  const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number; checkpointed: number }
  return row.checkpointed >= row.log
}

function check(database: DatabaseSync): boolean {
  const row = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
  return row.quick_check === 'ok'
}

if (parentPort !== null) serve(parentPort)
