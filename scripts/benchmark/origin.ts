import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type RunningServer, startServer } from './processes.ts'

/** The server that all subjects fetch from. */
export interface Origin {
  readonly plainPort: number
  readonly tlsPort: number
  /** How often `path` was asked for; counted for paths below /stampede/ alone. */
  requestCount(path: string): number
  stop(): Promise<void>
}

/** Opening lines of every nginx configuration: all that it writes stays in its folder. */
export function nginxPreamble(folder: string, name: string): string {
  const user = process.getuid?.() === 0 ? 'user root; ' : ''
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${folder}/${name}-${kind};`,
  )
  return `${user}daemon off; worker_processes 1; worker_rlimit_nofile 16384;
pid ${folder}/${name}.pid; error_log ${folder}/${name}.err;
events { worker_connections 8192; }
http {
  sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
${paths.join('\n')}`
}

export const startNginx = (folder: string, name: string, port: number): Promise<RunningServer> =>
  startServer({
    name,
    command: 'nginx',
    parameters: ['-p', folder, '-e', join(folder, `${name}.err`), '-c', join(folder, `${name}.conf`)],
    port,
    folder,
  })

const configuration = (folder: string, plainPort: number, tlsPort: number): string =>
  `${nginxPreamble(folder, 'origin')}
  server {
    listen 127.0.0.1:${plainPort} backlog=4096; listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
    access_log off; add_header Cache-Control "public, max-age=86400";
    location ~ ^/10k/ { alias ${folder}/origin/10k.bin; }
    location ~ ^/32m/ { alias ${folder}/origin/32m.bin; }
    location ~ ^/256m/ { alias ${folder}/origin/256m.bin; }
    location ~ ^/stampede/ { access_log ${folder}/origin.log; limit_rate 16m; alias ${folder}/origin/32m.bin; }
  }
  server {
    listen 127.0.0.1:${tlsPort} ssl; server_name ~^h[0-9]+[.];
    ssl_certificate ${folder}/hosts/$ssl_server_name.pem; ssl_certificate_key ${folder}/server.key;
    access_log off; add_header Cache-Control "public, max-age=86400";
    location / { try_files /10k.bin =404; root ${folder}/origin; }
  }
}
`

export async function startOrigin(folder: string): Promise<Origin> {
  const [plainPort, tlsPort] = [await freePort(), await freePort()]
  const log = join(folder, 'origin.log')
  writeFileSync(log, '')
  writeFileSync(join(folder, 'origin.conf'), configuration(folder, plainPort, tlsPort))
  const server = await startNginx(folder, 'origin', plainPort)
  const requestCount = (path: string): number =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(` ${path} `)).length
  return { plainPort, tlsPort, requestCount, stop: server.stop }
}
