import { after, before } from 'node:test'
import { MemcachedStorage } from '../../src/store/memcached-remote-storage.ts'
import { openGuardedIndex } from '../support/guarded-index.ts'
import { startMemcached } from '../support/index-servers.ts'
import type { StartedServer } from '../support/started-server.ts'
import { indexOnServerContract } from './index-on-server.ts'
import { responseIndexContract } from './response-index.ts'

let server: StartedServer
let count = 0
before(async () => {
  server = await startMemcached()
})
after(() => server.stop())

function makeRemote(): MemcachedStorage {
  count += 1
  return new MemcachedStorage({ host: '127.0.0.1', port: server.port, prefix: `test${count}` })
}

responseIndexContract('memcached', () => openGuardedIndex(makeRemote()))
indexOnServerContract('memcached', makeRemote)
