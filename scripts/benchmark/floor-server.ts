/**
 * The floor: a bare Node server that answers as a proxy would on a hit, and does nothing else. No key, no rule, no log.
 *
 * node floor-server.ts PORT FOLDER
 *
 * /10k/… is answered from memory, /32m/… and /256m/… from a file with pooled reads; plain, and over TLS inside CONNECT with
 * one ready certificate. /first/… is relayed from the origin: a connection to a new host needs one to its origin as well.
 */
import { openSync, read, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, get } from 'node:https'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { contentBytes } from './work-folder.ts'

const [port = '', folder = ''] = process.argv.slice(2)
const readBytes = 256 * 1024
const common = { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'public, max-age=86400', Age: '1' }

const small = readFileSync(join(folder, 'origin/10k.bin'))
const smallFields = { ...common, 'Content-Length': small.length }
const large = (['32m', '256m'] as const).map((name) => ({
  path: `/${name}/`,
  file: openSync(join(folder, `origin/${name}.bin`), 'r'),
  size: contentBytes[name],
}))
const idleBuffers: Buffer[] = []
const certificate = { key: readFileSync(join(folder, 'server.key')), cert: readFileSync(join(folder, 'server.pem')) }
const originCa = readFileSync(join(folder, 'ca.pem'))
const contexts = new Map<string, SecureContext>()

function sendFile(response: ServerResponse, file: number, size: number): void {
  response.writeHead(200, { ...common, 'Content-Length': size })
  const buffer = idleBuffers.pop() ?? Buffer.allocUnsafeSlow(readBytes)
  let at = 0
  const step = (): void => {
    if (response.destroyed || at >= size) {
      idleBuffers.push(buffer)
      response.end()
      return
    }
    read(file, buffer, 0, readBytes, at, (error, length) => {
      if (error !== null || length === 0) response.destroy()
      at += length
      response.write(length === readBytes ? buffer : buffer.subarray(0, length), step)
    })
  }
  step()
}

function relay(path: string, host: string, response: ServerResponse): void {
  get(`https://${host}${path}`, { ca: originCa }, (answer) => {
    response.writeHead(200, { ...common, 'Content-Length': answer.headers['content-length'] })
    answer.pipe(response)
  }).on('error', () => response.destroy())
}

function respond(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? ''
  const file = large.find(({ path }) => url.includes(path))
  if (file !== undefined) sendFile(response, file.file, file.size)
  else if (url.startsWith('/first/')) relay(url, request.headers.host ?? '', response)
  else {
    response.writeHead(200, smallFields)
    response.end(small)
  }
}

function contextOf(name: string): SecureContext {
  const known = contexts.get(name)
  if (known !== undefined) return known
  const made = createSecureContext(certificate)
  contexts.set(name, made)
  return made
}

const inside = createTlsServer(
  { ...certificate, SNICallback: (name, done) => done(null, contextOf(name)), keepAliveTimeout: 60_000 },
  respond,
)
const outside = createServer({ keepAliveTimeout: 60_000 }, respond)
outside.on('connect', (_request: IncomingMessage, socket: Socket) => {
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  inside.emit('connection', socket)
})
outside.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
