import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export interface ProxiedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The message ended as its framing said; false: the connection broke. */
  readonly complete: boolean
}

/** Asks the proxy for an absolute URI, on a connection of its own. Resolves also when the body is cut. */
export function ask(
  proxyPort: number,
  url: string,
  options: { readonly method?: string; readonly headers?: { [name: string]: string }; readonly body?: string } = {},
): Promise<ProxiedAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port: proxyPort,
      path: url,
      method: options.method ?? 'GET',
      headers: { Host: new URL(url).host, ...options.headers },
      agent: new Agent({ keepAlive: false }),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      const done = (): void =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks),
          complete: response.complete,
        })
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', done)
      response.on('error', done)
    })
    request.end(options.body)
  })
}
