import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { startActivated } from './activated.ts'
import { startOrigin } from './origin.ts'

export interface LeavingFigures {
  readonly askedCount: number
  /** Statuses, bodies and errors of the requests that did not get what they asked for. */
  readonly failures: readonly string[]
}

const body = 'these are the bytes of the origin\n'

/** Asks `count` times, each time as soon as the daemon says that it is leaving. */
export async function askAtLeaving(context: TestContext, count: number): Promise<LeavingFigures> {
  const origin = await startOrigin((_, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end(body),
  )
  context.after(() => origin.stop())
  const daemon = await startActivated(context, ['--idle-exit', '1ms'])
  const failures: string[] = []
  let answer = await ask(daemon.port, `${origin.url}/a`)
  for (let asked = 0; asked < count; asked++) {
    await daemon.line(/^larder: nothing was asked for a while/)
    answer = await ask(daemon.port, `${origin.url}/a`)
    if (answer !== `200 ${body}`) failures.push(answer)
  }
  const statuses = new Set(daemon.ends())
  for (const status of statuses) if (status !== '0') failures.push(`a daemon ended with ${status}`)
  return { askedCount: count, failures }
}

function ask(port: number, url: string): Promise<string> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: url, agent: false, headers: { Host: new URL(url).host } }, (response) => {
      text(response).then(
        (content) => resolve(`${response.statusCode} ${content}`),
        (error: Error) => resolve(error.message),
      )
    }).on('error', (error) => resolve(error.message))
  })
}
