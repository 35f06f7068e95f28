import { after, before } from 'node:test'
import { PostgresStorage } from '../../src/store/postgres-remote-storage.ts'
import { openGuardedIndex } from '../support/guarded-index.ts'
import { postgresPassword, postgresUser, startPostgres } from '../support/index-servers.ts'
import type { StartedServer } from '../support/started-server.ts'
import { indexOnServerContract } from './index-on-server.ts'
import { responseIndexContract } from './response-index.ts'

let server: StartedServer
let count = 0
before(async () => {
  server = await startPostgres()
})
after(() => server.stop())

function makeRemote(): PostgresStorage {
  count += 1
  const login = { user: postgresUser, password: postgresPassword, database: 'postgres', roots: undefined }
  return new PostgresStorage({ host: '127.0.0.1', port: server.port, ...login, prefix: `test${count}` })
}

responseIndexContract('Postgres', async () => {
  const under = await openGuardedIndex(makeRemote())
  // Text in Postgres has no NUL.
  return { ...under, plant: (key, text) => under.plant(key, text.replaceAll('\0', '')) }
})
indexOnServerContract('Postgres', makeRemote)
