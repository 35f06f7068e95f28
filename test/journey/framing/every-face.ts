import { after, before, test } from 'node:test'
import { type Face, type Stage, startStage, type Talk } from './faces.ts'
import type { Answer } from './raw-origin.ts'
import type { ReadResponse } from './responses.ts'

/** What the origin does with a path; a query is the test's own. */
export type Scripts = { readonly [path: string]: Answer }

/** Plays on one stage for all tests of a file; each test runs on every face, with paths of its own. */
export function stageFor(scripts: Scripts): (title: string, act: (face: Face, stage: Stage) => Promise<void>) => void {
  let stage: Stage
  before(async () => {
    stage = await startStage((request, socket) => {
      const script = scripts[request.target.split('?')[0]!]
      if (script === undefined) socket.write(whole(request.target))
      else script(request, socket)
    })
  })
  after(() => stage.stop())
  return (title, act) => {
    for (const [index, name] of (['proxy port', 'tunnel with TLS', 'tunnel without TLS'] as const).entries()) {
      test(`${title} (${name})`, { timeout: 120_000 }, () => act(stage.faces[index]!, stage))
    }
  }
}

/** A whole response that may be stored. */
export function whole(content: string, ...fields: readonly string[]): string {
  const lines = ['HTTP/1.1 200 OK', `Content-Length: ${content.length}`, 'Cache-Control: max-age=60', ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${content}`
}

/** A request's text; the target is made of `path` as the face wants it. */
export function text(face: Face, method: string, path: string, fields: readonly string[] = [], body = ''): string {
  return `${[`${method} ${face.target(path)} HTTP/1.1`, `Host: ${face.host}`, ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** Asks once, on a connection of its own, and answers the final response. */
export async function askOnce(
  face: Face,
  method: string,
  path: string,
  fields: readonly string[] = [],
  body = '',
): Promise<ReadResponse> {
  const talk = await face.open()
  talk.write(text(face, method, path, ['Connection: close', ...fields], body))
  return lastOf(talk, method)
}

/** The response to the only request of `talk`, interim ones left out. */
export async function lastOf(talk: Talk, method = 'GET'): Promise<ReadResponse> {
  const responses = await talk.responses(1, [method])
  await talk.closed()
  return responses.at(-1)!
}
