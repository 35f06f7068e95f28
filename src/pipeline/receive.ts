import { Fault } from '../base/faults.ts'
import { checkRequestHead, expectationFails } from '../http/request-gate.ts'
import { hasNoPath, type TargetUri, targetInTunnel } from '../http/target-uri.ts'
import type { ReceivedRequest } from './exchange.ts'
import { viaValue } from './response-stem.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'

/** The framing gate, the target URI, the loop check: all before anything is keyed (CORRECTNESS G1, T09, M8). */
export const receive: Step<'receive'> = (exchange, services) => {
  const { request } = exchange
  const reason = checkRequestHead(
    {
      method: request.method,
      requestTarget: request.requestTarget,
      httpVersion: request.httpVersion,
      raw: request.fields.raw,
    },
    request.tunnel === undefined ? 'proxy' : 'tunnel',
  )
  if (reason !== undefined) throw new Fault('CLIENT_REQUEST_INVALID', reason)
  if (expectationFails(request.fields)) {
    throw new Fault('CLIENT_EXPECTATION_FAILED', `Expect: ${request.fields.get('expect')}`)
  }
  const target = targetOf(request, services)
  exchange.target = target
  const via = request.fields.get('via')
  if (via?.includes(viaValue)) throw new Fault('CLIENT_LOOP', `Via already names this proxy: ${via}`)
  const self = services.selfCheck(target.host, target.port)
  if (self !== undefined) throw self
  return 'admit'
}

function targetOf(request: ReceivedRequest, services: Services): TargetUri {
  const { tunnel, requestTarget } = request
  const target =
    tunnel === undefined
      ? services.parseTarget(requestTarget)
      : targetInTunnel(tunnel, requestTarget, request.fields.get('host'))
  if ('invalid' in target) throw new Fault('CLIENT_REQUEST_INVALID', target.invalid)
  if ('misdirected' in target) throw new Fault('CLIENT_MISDIRECTED', target.misdirected)
  return request.method === 'OPTIONS' && hasNoPath(requestTarget) ? { ...target, path: '*' } : target
}
