import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

const open = new Map<string, DatabaseSync>()

/** Each message is the path of a database whose write-ahead log has grown. Readers and the writer are not held up. */
parentPort?.on('message', (path: string) => {
  let database = open.get(path)
  if (database === undefined) {
    database = new DatabaseSync(path)
    database.exec('PRAGMA busy_timeout=1000')
    open.set(path, database)
  }
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
})
