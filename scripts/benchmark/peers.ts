import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxPreamble, startNginx } from './origin.ts'
import { freePort, startServer } from './processes.ts'
import type { Site, Subject } from './subject.ts'

const certificateHelper = '/usr/lib/squid/security_file_certgen'

const squidConfiguration = (folder: string, own: string, port: number): string =>
  `http_port 127.0.0.1:${port} ssl-bump cert=${own}/ca.pem key=${own}/ca.key generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program ${certificateHelper} -s ${own}/certificates -M 16MB
acl first_step at_step SslBump1
ssl_bump peek first_step
ssl_bump bump all
tls_outgoing_options cafile=${folder}/ca.pem
http_access allow all
cache_mem 512 MB
maximum_object_size_in_memory 1 MB
maximum_object_size 4 GB
cache_dir aufs ${own}/cache 16384 16 256
collapsed_forwarding on
max_filedescriptors 16384
access_log none
cache_log ${own}/cache.log
cache_store_log none
pid_filename ${own}/squid.pid
coredump_dir ${own}
pinger_enable off
shutdown_lifetime 1 seconds
visible_hostname bench
`

/** Squid gives up root for the user `proxy`, who must own its folders. */
function squidUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const number = (flag: string): number => Number(execFileSync('id', [flag, 'proxy'], { encoding: 'utf8' }))
  return { uid: number('-u'), gid: number('-g') }
}

function prepareSquid(folder: string, own: string, port: number): string {
  const user = squidUser()
  mkdirSync(own)
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=Squid benchmark']
  const uses = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  execFileSync('openssl', [...request, ...uses, '-keyout', 'ca.key', '-out', 'ca.pem'], { cwd: own, stdio: 'pipe' })
  if (user !== undefined)
    for (const path of [own, `${own}/ca.key`, `${own}/ca.pem`]) chownSync(path, user.uid, user.gid)
  const configuration = join(own, 'squid.conf')
  writeFileSync(configuration, squidConfiguration(folder, own, port))
  const certificates = ['-c', '-s', join(own, 'certificates'), '-M', '16MB']
  execFileSync(certificateHelper, certificates, { stdio: 'pipe', cwd: own, ...user })
  execFileSync('squid', ['-N', '-z', '-f', configuration], { stdio: 'pipe', cwd: own })
  rmSync(join(own, 'squid.pid'), { force: true })
  return configuration
}

/** Squid 5 that opens TLS. */
export async function squid({ folder }: Pick<Site, 'folder'>): Promise<Subject> {
  const own = join(folder, 'squid')
  const port = await freePort()
  const configuration = prepareSquid(folder, own, port)
  const start = { name: 'squid', command: 'squid', parameters: ['-N', '-f', configuration], port, folder }
  return { name: 'squid', caFile: join(own, 'ca.pem'), opensTls: true, caches: true, start: () => startServer(start) }
}

const cacheConfiguration = (folder: string, port: number): string =>
  `${nginxPreamble(folder, 'nginx')}
  access_log off;
  proxy_cache_path ${folder}/nginx-cache levels=1:2 keys_zone=cache:64m max_size=16g use_temp_path=off;
  map $upstream_cache_status $told { HIT "nginx; hit"; default "nginx; fwd=miss"; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://$http_host; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache cache; proxy_cache_key $http_host$request_uri; add_header Cache-Status $told;
      proxy_cache_lock on; proxy_cache_lock_timeout 300s; proxy_cache_lock_age 300s;
    }
  }
}
`

/** nginx with proxy_cache: it knows no CONNECT, and hands files over by sendfile. */
export async function nginx({ folder }: Site): Promise<Subject> {
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), cacheConfiguration(folder, port))
  const start = (): ReturnType<Subject['start']> => startNginx(folder, 'nginx', port)
  return { name: 'nginx', opensTls: false, caches: true, start }
}
