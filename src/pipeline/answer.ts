import { Fault } from '../base/faults.ts'
import { allowedMethods, forwardsLeft, tracedHead } from '../http/max-forwards.ts'
import type { Exchange } from './exchange.ts'
import { viaValue } from './response-stem.ts'
import type { Step } from './step.ts'

/** Is the proxy the last recipient of the request, because Max-Forwards says so (RFC 9110 section 7.6.2)? */
export function isLastRecipient({ request }: Exchange): boolean {
  const left = forwardsLeft(request.method, request.fields)
  if (left === 'invalid') {
    throw new Fault('CLIENT_REQUEST_INVALID', `Max-Forwards: ${request.fields.get('max-forwards')}`)
  }
  return left === 0
}

/** Answers for the origin: TRACE with the request as it came, OPTIONS with what the proxy can do (RFC 9110 section 9.3). */
export const answer: Step<'answer'> = (exchange, services) => {
  const { method, requestTarget, httpVersion, fields } = exchange.request
  const traced = method === 'TRACE'
  const content = Buffer.from(traced ? tracedHead(requestTarget, httpVersion, fields) : '', 'latin1')
  const described = traced ? ['Content-Type', 'message/http', 'Cache-Control', 'no-store'] : ['Allow', allowedMethods]
  exchange.result = 'relayed'
  exchange.stored = 'method'
  exchange.firstByteMs = services.clock.elapsed() - exchange.startedMs
  exchange.response.sendWhole({ status: 200, fields: [...described, 'Via', viaValue], length: content.length }, content)
  return 'finish'
}
