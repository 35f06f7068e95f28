import type { ExchangeEvent } from '../base/events.ts'
import type { Stored } from '../base/results.ts'
import { withoutQuery } from '../http/masked-query.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'

/** Reports the exchange once it is over; after a fill only when its outcome is known, so that `stored` is true. */
export const finish: Step<'finish'> = (exchange, services) => {
  const durationMs = services.clock.elapsed() - exchange.startedMs
  const { filled } = exchange
  if (filled === undefined) {
    report(exchange, services, durationMs, exchange.stored)
    exchange.over()
  } else {
    filled.onStored((stored) => {
      report(exchange, services, durationMs, stored)
      exchange.over()
    })
  }
  return undefined
}

function report(exchange: Exchange, services: Services, durationMs: number, stored: Stored | undefined): void {
  const { request, response, target, fault } = exchange
  const plain: ExchangeEvent = {
    kind: 'exchange',
    at: exchange.receivedAt,
    id: exchange.id,
    client: request.client.address,
    method: request.method,
    scheme: target?.scheme ?? 'http',
    url: target === undefined ? '-' : withoutQuery(target.href),
    status: response.status,
    result: exchange.result,
    stored,
    fault: fault?.code,
    detail: fault?.message,
    rule: exchange.rule?.name ?? 'rfc',
    responseBytes: response.sentBytes,
    originBytes: exchange.originBytes,
    firstByteMs: exchange.firstByteMs < 0 ? durationMs : exchange.firstByteMs,
    durationMs,
    savedMs: exchange.savedMs,
    clientAborted: response.aborted,
    userAgent: request.client.userAgent,
  }
  const event = exchange.mirror === undefined ? plain : { ...plain, mirror: exchange.mirror }
  services.recent.add(exchange, event)
  services.observer(event)
}
