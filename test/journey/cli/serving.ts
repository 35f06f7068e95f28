import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { homeOf, runProgram, startProgram } from '../../support/program.ts'

/** `larder serve` with a home folder and a CA of its own, for tools that know the proxy and do not trust it. */
export interface Serving {
  readonly environment: Record<string, string>
  readonly proxyUrl: string
  /** What it has written so far. */
  readonly log: () => string
}

export interface Finding {
  readonly about: string
  readonly state: string
  readonly text: string
  readonly fix?: string
}

export async function startServing(context: TestContext, words: readonly string[]): Promise<Serving> {
  const environment = homeOf(context)
  await runProgram(['ca', 'init'], environment)
  const given = ['--listen', '127.0.0.1:0', '--access-log', 'none', '--allow-address', '127.0.0.0/8,::1']
  const daemon = startProgram(['serve', ...given, ...words], environment)
  const closed = once(daemon, 'close')
  context.after(async () => {
    daemon.kill('SIGTERM')
    await closed
  })
  let log = ''
  const proxyUrl = await new Promise<string>((resolve, reject) => {
    daemon.once('close', () => reject(new Error(log)))
    daemon.stderr!.setEncoding('utf8').on('data', (more: string) => {
      log += more
      const found = /http_proxy=(\S+)\)/.exec(log)
      if (found !== null && log.includes('larder: CA ')) resolve(found[1]!)
    })
  })
  return { environment, proxyUrl, log: () => log }
}

/** What `larder doctor` found out about clients that refused our certificate. */
export async function refusalFindings(environment: Record<string, string>): Promise<Finding[]> {
  const { out } = await runProgram(['doctor', '--json'], environment)
  return (JSON.parse(out) as Finding[]).filter(({ about }) => about === 'refusal')
}
