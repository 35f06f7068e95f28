import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import type { ClientResponse } from '../../../src/pipeline/exchange.ts'
import { FastLane } from '../../../src/server/fast-lane.ts'
import { NodeClientResponse } from '../../../src/server/node-client-response.ts'

/** Short enough to pass many times in a test. */
const shortMs = 30
/** Longer than a pause of a client becomes on a busy machine. */
const longerMs = 3_000
/** More than the system's buffers for a connection hold. */
const content = Buffer.alloc(32 * 1024 * 1024, 7)
const head = { status: 200, fields: [], length: content.length }

/** Both fronts, each answering every request by `answer`. */
const fronts: { readonly [name: string]: (answer: (response: ClientResponse) => void, stallMs?: number) => Server } = {
  'the fast lane': (answer, stallMs = shortMs) => {
    const run = (exchange: { response: ClientResponse }): void => answer(exchange.response)
    const lane = new FastLane({ clock: systemClock, run, nextId: () => '1', idleMs: stallMs })
    return createServer({ allowHalfOpen: true }, (socket) => lane.take(socket, undefined, () => assert.fail()))
  },
  'the full server': (answer, stallMs = shortMs) =>
    createHttpServer((_request, response) => answer(new NodeClientResponse(response, false, stallMs))),
}

async function withClient(server: Server, work: (client: Socket) => Promise<void>): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  client.write('GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n')
  try {
    await work(client)
  } finally {
    client.destroy()
    server.close()
    await once(server, 'close')
  }
}

for (const [name, start] of Object.entries(fronts)) {
  describe(`A client of ${name}`, () => {
    test('that takes nothing is left in the end (CORRECTNESS T37)', async () => {
      const answered = Promise.withResolvers<ClientResponse>()
      const server = start((response) => {
        response.sendHead(head)
        response.write(content, () => {})
        answered.resolve(response)
      })
      await withClient(server, async (client) => {
        client.pause()
        const response = await answered.promise
        await new Promise<void>((resolve) => response.onClose(resolve))
        assert.equal(response.aborted, true)
      })
    })

    test('that waits for an origin much longer than a client may stall is not left', async () => {
      const server = start((response) => {
        response.sendHead({ ...head, length: 8 })
        response.write(Buffer.from('slow'), () => {})
        setTimeout(() => {
          response.write(Buffer.from('ness'), () => {})
          response.end()
        }, 10 * shortMs)
      })
      await withClient(server, async (client) => {
        let text = ''
        for await (const bytes of client) {
          text += bytes
          if (text.endsWith('slowness')) break
        }
        assert.match(text, /\r\n\r\nslowness$/)
      })
    })

    test('that takes little at a time, but goes on taking, gets everything', async () => {
      const answer = (response: ClientResponse): void => {
        response.sendHead(head)
        response.write(content, () => response.end())
      }
      const server = start(answer, longerMs)
      await withClient(server, async (client) => {
        let count = 0
        const startMs = performance.now()
        for await (const bytes of client) {
          count += (bytes as Buffer).length
          // The beginning is taken in so many goes that it takes longer than a client may stall; the rest in one.
          if (performance.now() - startMs < 2 * longerMs) await new Promise((resolve) => setTimeout(resolve, 20))
          if (count > content.length) break
        }
        assert.ok(count > content.length)
      })
    })
  })
}
