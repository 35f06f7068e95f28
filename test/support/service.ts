import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { command } from './command.ts'
import { compiledCode, programFile } from './program.ts'

/** The real program as a service, with a data folder that tests may break. */
export interface Service {
  readonly pid: number
  readonly dataFolder: string
  /** What curl got through it; fails unless curl says that all is well. */
  fetch(url: string): Promise<{ readonly body: Buffer; readonly cacheStatus: string }>
  readiness(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }>
  /** Resolves once it says that it is ready, or not. */
  until(ready: boolean): Promise<readonly string[]>
  /** Ends it by SIGTERM; it must end well. */
  stop(): Promise<void>
  /** Stops it and starts it again. */
  again(): Promise<Service>
}

export interface ServiceOptions {
  readonly dataFolder?: string
  readonly words?: readonly string[]
}

/** `later` is given what must be done at the end, the last first. */
export async function startService(
  later: (end: () => Promise<void> | void) => void,
  options: ServiceOptions = {},
): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-service-'))
  later(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const own = { HOME: folder, TMPDIR: folder, PATH: process.env.PATH!, ...compiledCode() }
  const environment = { ...own, LARDER_ALLOW_ADDRESS: '127.0.0.0/8', LARDER_ACCESS_LOG: 'none' }
  const { dataFolder = join(folder, 'data'), words = [] } = options
  return start(later, { environment, socket: join(folder, 'admin.sock'), dataFolder, words })
}

interface Place {
  readonly environment: Readonly<Record<string, string>>
  readonly socket: string
  readonly dataFolder: string
  readonly words: readonly string[]
}

async function start(later: (end: () => Promise<void>) => void, place: Place): Promise<Service> {
  const { environment, socket, dataFolder, words } = place
  const given = [
    '--listen',
    '127.0.0.1:0',
    '--admin',
    `unix:${socket}`,
    '--data',
    dataFolder,
    '--memory',
    '1KiB',
    ...words,
  ]
  const child = spawn(process.execPath, [programFile, 'serve', ...given], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  later(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const port = await portOf(child)
  const readiness = async (): ReturnType<Service['readiness']> => JSON.parse(await ask(socket, '/readyz'))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
  }
  return {
    pid: child.pid!,
    dataFolder,
    fetch: (url) => fetchThrough(port, url),
    readiness,
    until: async (ready) => {
      for (let seen = await readiness(); ; seen = await readiness()) {
        if (seen.ready === ready) return seen.reasons
        await pause(25)
      }
    },
    stop,
    again: async () => {
      await stop()
      return start(later, place)
    },
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  let said = ''
  for await (const line of createInterface({ input: child.stderr! })) {
    said += `${line}\n`
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port !== undefined) {
      child.stderr!.resume()
      return Number(port)
    }
  }
  throw new Error(`it does not listen: ${said}`)
}

async function fetchThrough(port: number, url: string): ReturnType<Service['fetch']> {
  const told = '%{stderr}%{http_code} %header{cache-status}'
  const given = ['-q', '-sS', '-w', told, '-x', `http://127.0.0.1:${port}`, '--noproxy', '', url]
  const { code, stdout, stderr } = await command('curl', given)
  assert.equal(code, 0, `${url}: ${stderr}`)
  assert.match(stderr, /^200 /, `${url}: ${stderr}`)
  return { body: Buffer.from(stdout, 'latin1'), cacheStatus: stderr }
}

function ask(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => resolve(text(response)))
      .on('error', reject)
      .end()
  })
}
