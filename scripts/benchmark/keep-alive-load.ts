import { connect, type Socket } from 'node:net'

const connectionCount = 16

export interface LoadResult {
  readonly requestCount: number
  readonly hitCount: number
}

/** Asks a proxy for URLs over kept connections until `count` answers of `contentBytes` have come. */
export async function load(
  port: number,
  count: number,
  contentBytes: number,
  nextUrl: () => string,
): Promise<LoadResult> {
  let leftCount = count
  let hitCount = 0
  await Promise.all(
    Array.from({ length: connectionCount }, async () => {
      const socket = connect(port, '127.0.0.1')
      while (leftCount > 0) {
        leftCount -= 1
        const head = await ask(socket, nextUrl(), contentBytes)
        if (/\r\ncache-status: larder; hit/i.test(head)) hitCount += 1
      }
      socket.destroy()
    }),
  )
  return { requestCount: count, hitCount }
}

/** The head of the answer, once its content has come as well. */
function ask(socket: Socket, url: string, contentBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const onData = (bytes: Buffer): void => {
      seen += bytes.toString('latin1')
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0 || seen.length < end + 4 + contentBytes) return
      socket.off('data', onData).off('error', reject)
      resolve(seen.slice(0, end + 2))
    }
    socket.on('data', onData).on('error', reject)
    socket.write(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`)
  })
}

/** When the first hit came, in milliseconds from now on; asks again until the proxy listens. */
export async function firstHit(port: number, url: string, contentBytes: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      const head = await ask(socket, url, contentBytes)
      if (!/\r\ncache-status: larder; hit/i.test(head)) throw new Error(`no hit: ${head}`)
      return performance.now() - began
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // While it starts, the proxy looks whether its address is free.
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET') throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    } finally {
      socket.destroy()
    }
  }
}
