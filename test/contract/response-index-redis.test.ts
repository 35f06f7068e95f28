import { after, before } from 'node:test'
import { RedisStorage } from '../../src/store/redis-remote-storage.ts'
import { openGuardedIndex } from '../support/guarded-index.ts'
import { startRedis } from '../support/index-servers.ts'
import type { StartedServer } from '../support/started-server.ts'
import { indexOnServerContract } from './index-on-server.ts'
import { responseIndexContract } from './response-index.ts'

let server: StartedServer
let count = 0
before(async () => {
  server = await startRedis('--requirepass', 'a secret')
})
after(() => server.stop())

function makeRemote(): RedisStorage {
  count += 1
  const login = { user: undefined, password: 'a secret', database: 0, roots: undefined }
  return new RedisStorage({ host: '127.0.0.1', port: server.port, ...login, prefix: `test${count}` })
}

responseIndexContract('Redis', () => openGuardedIndex(makeRemote()))
indexOnServerContract('Redis', makeRemote)
