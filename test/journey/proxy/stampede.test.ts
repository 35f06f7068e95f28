import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { startOrigin } from '../../support/origin.ts'
import { builtProgramFile } from '../../support/program.ts'

const clientCount = 600
const content = randomBytes(32 * 1024 * 1024)

/** ARCHITECTURE section 6: what 600 clients on one cold object may cost. */
const maxResidentKiB = 150 * 1024 + 256 * clientCount

/** The daemon in a process of its own, so that its memory is its own, and built: to strip types takes memory, too. */
async function startProcess(folder: string): Promise<{ port: number; pid: number; stop(): Promise<void> }> {
  const words = ['serve', '--listen', '127.0.0.1:0', '--allow-address', '127.0.0.0/8', '--access-log', 'none']
  const places = ['--data', join(folder, 'data'), '--admin', `unix:${join(folder, 'admin')}`, '--ca-dir', folder]
  const child = spawn(process.execPath, [builtProgramFile, ...words, ...places], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(line)
      if (found !== null) resolve(Number(found[1]))
    })
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  return { port, pid: child.pid!, stop }
}

/** Downloads on a connection of its own; resolves with the count of right bytes, rejects at the first wrong one. */
function download(port: number, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let head: Buffer | undefined = Buffer.alloc(0)
    let right = 0
    socket.on('data', (chunk: Buffer) => {
      let body = chunk
      if (head !== undefined) {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        body = head.subarray(end + 4)
        head = undefined
      }
      if (!content.subarray(right, right + body.length).equals(body)) {
        socket.destroy()
        reject(new Error(`wrong bytes after ${right}`))
      }
      right += body.length
      if (right === content.length) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(right))
    socket.write(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`)
  })
}

test('600 clients of one cold 32 MB object: one origin request, every byte right, memory within its bound', async (t) => {
  const origin = await startOrigin((_request, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=600', 'Content-Length': content.length }).end(content),
  )
  t.after(() => origin.stop())
  const folder = mkdtempSync(join(tmpdir(), 'larder-stampede-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const larder = await startProcess(folder)
  t.after(() => larder.stop())
  const downloads = Array.from({ length: clientCount }, () => download(larder.port, `${origin.url}/cold`))
  const counts = await Promise.all(downloads)
  assert.ok(counts.every((count) => count === content.length))
  assert.equal(origin.count('/cold'), 1)
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${larder.pid}/status`, 'utf8'))![1])
  t.diagnostic(`${peakKiB} KiB resident at most`)
  assert.ok(peakKiB <= maxResidentKiB, `${peakKiB} KiB resident, ${maxResidentKiB} allowed`)
})
