import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { command } from '../../support/command.ts'

/** One download as curl judged it. */
export interface Download {
  readonly url: string
  /** 0: all is well. */
  readonly exitCode: number
  /** 0: no answer. */
  readonly status: number
  /** What curl wrote; `undefined`: nothing. */
  readonly content: Buffer | undefined
}

export interface CurlDownloads {
  readonly proxyPort: number
  readonly urls: readonly string[]
  /** curl processes at a time, and downloads, one after the other, of each. */
  readonly processCount?: number
  readonly urlsPerProcess?: number
  readonly args?: readonly string[]
}

/** Downloads all by real curl processes; each download is judged by itself. */
export async function curlDownloads(t: TestContext, input: CurlDownloads): Promise<readonly Download[]> {
  const { urls, processCount = 20, urlsPerProcess = 10 } = input
  const folder = mkdtempSync(join(tmpdir(), 'larder-curl-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const downloads: Download[] = []
  const waiting = Array.from({ length: Math.ceil(urls.length / urlsPerProcess) }, (_, number) =>
    urls.slice(number * urlsPerProcess, (number + 1) * urlsPerProcess),
  )
  let fileCount = 0
  const work = async (): Promise<void> => {
    for (let some = waiting.shift(); some !== undefined; some = waiting.shift()) {
      const files = some.map(() => join(folder, String(fileCount++)))
      const { stdout, stderr } = await command('curl', curlArgs(input, some, files), {
        env: { PATH: process.env.PATH },
      })
      const words = stdout.trim().split('\n')
      assert.equal(words.length, some.length, stdout + stderr)
      for (const [place, word] of words.entries()) downloads.push(judged(word, some[place]!, files[place]!))
    }
  }
  await Promise.all(Array.from({ length: processCount }, work))
  return downloads
}

function curlArgs(
  { proxyPort, args = [] }: CurlDownloads,
  urls: readonly string[],
  files: readonly string[],
): string[] {
  const proxy = ['--proxy', `http://127.0.0.1:${proxyPort}`, '--noproxy', '']
  const judging = ['--fail', '--max-time', '50', '--write-out', '%{exitcode} %{http_code} %{url}\\n']
  const places = urls.flatMap((url, place) => ['--output', files[place]!, url])
  return ['-q', '--silent', '--show-error', ...proxy, ...judging, ...args, ...places]
}

function judged(word: string, url: string, file: string): Download {
  const [exitCode, status, told] = word.split(' ')
  assert.equal(told, url)
  return { url, exitCode: Number(exitCode), status: Number(status), content: contentIn(file) }
}

function contentIn(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
