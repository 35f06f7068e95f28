import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { Fields } from '../http/fields.ts'
import { Exchange, type TunnelTarget } from '../pipeline/exchange.ts'
import type { RequestBody } from '../upstream/origin-fetcher.ts'
import { NodeClientResponse } from './node-client-response.ts'

/** Makes exchanges of Node's requests, each with an id of its own. */
export class ExchangeMaker {
  readonly #clock: Clock
  readonly #prefix: string
  #count = 0

  constructor(clock: Clock, prefix: string) {
    this.#clock = clock
    this.#prefix = prefix
  }

  nextId(): string {
    this.#count += 1
    return this.#prefix + this.#count.toString(36)
  }

  /** `awaitsContinue`: the client holds its content back until it reads 100 (RFC 9110 section 10.1.1). */
  make(
    request: IncomingMessage,
    response: ServerResponse,
    tunnel: TunnelTarget | undefined,
    awaitsContinue: boolean,
  ): Exchange {
    const fields = new Fields(request.rawHeaders)
    const client = new NodeClientResponse(response, awaitsContinue)
    return new Exchange(
      this.nextId(),
      {
        method: request.method ?? '',
        requestTarget: request.url ?? '',
        httpVersion: request.httpVersion,
        fields,
        body: bodyOf(request, fields, awaitsContinue ? client : undefined),
        client: { address: request.socket.remoteAddress ?? '-', userAgent: fields.get('user-agent') },
        tunnel,
      },
      client,
      this.#clock.now(),
      this.#clock.elapsed(),
    )
  }
}

/** `waiting`, when given, must be told to go on before content comes. */
function bodyOf(
  request: IncomingMessage,
  fields: Fields,
  waiting: NodeClientResponse | undefined,
): RequestBody | undefined {
  const length = fields.get('content-length')
  if (length === undefined && !fields.has('transfer-encoding')) return undefined
  if (length === '0' && (request.method === 'GET' || request.method === 'HEAD')) return undefined
  return {
    sizeBytes: length === undefined ? undefined : Number(length),
    chunks: waiting === undefined ? request : continued(request, waiting),
  }
}

/** The content, which the client is told to send when the first piece is asked for. */
async function* continued(request: IncomingMessage, client: NodeClientResponse): AsyncGenerator<Buffer> {
  client.sendContinue()
  yield* request
}
