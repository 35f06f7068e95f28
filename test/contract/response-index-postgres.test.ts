import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type PostgresServer, PostgresStorage } from '../../src/store/postgres-remote-storage.ts'
import { createThrowAwayCa } from '../fakes/throw-away-ca.ts'
import { openGuardedIndex } from '../support/guarded-index.ts'
import { postgresPassword, postgresUser, startPostgres } from '../support/index-servers.ts'
import type { StartedServer } from '../support/started-server.ts'
import { indexOnServerContract } from './index-on-server.ts'
import { responseIndexContract } from './response-index.ts'

let server: StartedServer
let count = 0
const [ca, otherCa] = [createThrowAwayCa(), createThrowAwayCa()]
before(async () => {
  server = await startPostgres(ca.issue('DNS:localhost,IP:127.0.0.1'))
})
after(async () => {
  await server.stop()
  ca.remove()
  otherCa.remove()
})

function makeRemote(how: Partial<PostgresServer> = {}): PostgresStorage {
  count += 1
  const login = { user: postgresUser, password: postgresPassword, database: 'postgres', roots: undefined }
  return new PostgresStorage({ host: '127.0.0.1', port: server.port, ...login, prefix: `test${count}`, ...how })
}

const ways: Readonly<Record<string, Partial<PostgresServer>>> = {
  Postgres: {},
  'Postgres over TLS': { roots: ca.root },
}
for (const [name, how] of Object.entries(ways)) {
  responseIndexContract(name, async () => {
    const under = await openGuardedIndex(makeRemote(how))
    // Text in Postgres has no NUL.
    return { ...under, plant: (key, text) => under.plant(key, text.replaceAll('\0', '')) }
  })
  indexOnServerContract(name, () => makeRemote(how))
}

test('over TLS a Postgres is verified: its certificate by the roots, its name or address by the certificate', async () => {
  const verified: Readonly<Record<string, RegExp | undefined>> = {
    localhost: undefined,
    '127.0.0.1': undefined,
    '127.0.0.2': /127\.0\.0\.2/,
  }
  for (const [host, refusal] of Object.entries(verified)) {
    const remote = makeRemote({ host, roots: ca.root })
    try {
      if (refusal === undefined) await remote.ping()
      else await assert.rejects(remote.ping(), refusal)
    } finally {
      await remote.close()
    }
  }
  const stranger = makeRemote({ roots: otherCa.root })
  await assert.rejects(stranger.ping(), /unable to verify|self.signed|unable to get/)
  await stranger.close()
})
