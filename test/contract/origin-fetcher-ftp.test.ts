import { type FaultFtp, startFaultFtp } from '../fakes/fault-ftp.ts'
import { ftpFetcher, targetOf } from '../support/origin-fetching.ts'
import { type ContractOrigin, content, endlessBytes, originFetcherContract } from './origin-fetcher.ts'

async function startOrigin(): Promise<ContractOrigin> {
  const whole = await startFaultFtp({ content: Buffer.from(content) })
  const truncated = await startFaultFtp({ content: Buffer.from(content), sentBytes: 4 })
  const endless = await startFaultFtp({ content: Buffer.alloc(endlessBytes, 'x') })
  const servers: readonly FaultFtp[] = [whole, truncated, endless]
  return {
    whole: targetOf('ftp', whole.port, '/file'),
    truncated: targetOf('ftp', truncated.port, '/file'),
    endless: targetOf('ftp', endless.port, '/file'),
    writtenBytes: () => endless.writtenBytes,
    connectionCount: () => servers.reduce((sum, server) => sum + server.controlCount, 0),
    idle: async () => {
      await Promise.all(servers.map((server) => server.idle()))
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

originFetcherContract('FTP', startOrigin, (guard) => ftpFetcher({ guard }))
