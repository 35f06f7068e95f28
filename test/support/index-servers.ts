import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ServerKind, type StartedServer, startServer } from './started-server.ts'

/** A real Redis; `words` are further lines of its configuration, such as `['--maxmemory', '8mb']`. */
export function startRedis(...words: readonly string[]): Promise<StartedServer> {
  return startServer({
    name: 'redis-server',
    binary: '/usr/bin/redis-server',
    words: (port, folder) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
      ...words,
    ],
  })
}

/** A real memcached. */
export function startMemcached(...words: readonly string[]): Promise<StartedServer> {
  return startServer({
    name: 'memcached',
    binary: '/usr/bin/memcached',
    words: (port) => ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64', ...words],
  })
}

export const postgresUser = 'larder'
export const postgresPassword = 'a secret of the test'

/** A real Postgres whose user must give a password. */
export function startPostgres(): Promise<StartedServer> {
  const programs = postgresPrograms()
  const kind: ServerKind = {
    name: 'postgresql',
    binary: join(programs, 'postgres'),
    prepare: (folder, run) => {
      writeFileSync(join(folder, 'password'), postgresPassword, { mode: 0o644 })
      const login = ['-U', postgresUser, '-A', 'scram-sha-256', `--pwfile=${join(folder, 'password')}`]
      run(join(programs, 'initdb'), ['-D', join(folder, 'data'), ...login, '--no-sync', '-E', 'UTF8', '--locale=C'])
    },
    words: (port, folder) => [
      ...['-D', join(folder, 'data'), '-p', String(port), '-k', folder],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'shared_buffers=16MB'],
    ],
  }
  return startServer(kind)
}

function postgresPrograms(): string {
  const top = '/usr/lib/postgresql'
  const version = readdirSync(top).toSorted((a, b) => Number(b) - Number(a))[0] ?? ''
  return join(top, version, 'bin')
}
