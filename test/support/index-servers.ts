import { chownSync, readdirSync, statSync, writeFileSync } from 'node:fs'
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

/** A real Postgres whose user must give a password; with `tls` whoever wants to may speak TLS. */
export function startPostgres(tls?: { readonly key: string; readonly cert: string }): Promise<StartedServer> {
  const programs = postgresPrograms()
  const kind: ServerKind = {
    name: 'postgresql',
    binary: join(programs, 'postgres'),
    prepare: (folder, run) => {
      writeFileSync(join(folder, 'password'), postgresPassword, { mode: 0o644 })
      const login = ['-U', postgresUser, '-A', 'scram-sha-256', `--pwfile=${join(folder, 'password')}`]
      run(join(programs, 'initdb'), ['-D', join(folder, 'data'), ...login, '--no-sync', '-E', 'UTF8', '--locale=C'])
      const { uid, gid } = statSync(folder)
      for (const [name, pem] of Object.entries(tls ?? {})) {
        const file = join(folder, `server.${name}`)
        // A key must be its user's own, and nobody else's.
        writeFileSync(file, pem, { mode: 0o600 })
        chownSync(file, uid, gid)
      }
    },
    words: (port, folder) => [
      ...['-D', join(folder, 'data'), '-p', String(port), '-k', folder],
      ...['-c', 'listen_addresses=127.0.0.1,127.0.0.2', '-c', 'fsync=off', '-c', 'shared_buffers=16MB'],
      ...(tls === undefined ? [] : tlsWords(folder)),
    ],
  }
  return startServer(kind)
}

function postgresPrograms(): string {
  const top = '/usr/lib/postgresql'
  const version = readdirSync(top).toSorted((a, b) => Number(b) - Number(a))[0] ?? ''
  return join(top, version, 'bin')
}

function tlsWords(folder: string): readonly string[] {
  const [cert, key] = ['cert', 'key'].map((name) => `ssl_${name}_file=${join(folder, `server.${name}`)}`)
  return ['-c', 'ssl=on', '-c', cert!, '-c', key!]
}
