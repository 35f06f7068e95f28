import { asFault } from '../base/faults.ts'
import { cacheStatus } from '../http/cache-status.ts'
import { proxyStatus } from '../http/proxy-status.ts'
import { viaValue } from './response-stem.ts'
import type { Step } from './step.ts'

/** Tells the client what went wrong, in which code, and what to do. Nothing was sent before. */
export const refuse: Step<'refuse'> = (exchange) => {
  const fault = (exchange.fault ??= asFault(new Error('refused without a fault')))
  const { row } = fault
  const status = row.status ?? 500
  if (fault.code.startsWith('CLIENT_')) exchange.result = 'denied'
  else if (exchange.result !== 'refresh-failed') exchange.result = 'failed'
  const text = `${fault.code}: ${row.sentence}\n${fault.message}\n${row.remedy}\n`
  const fields = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'X-Content-Type-Options',
    'nosniff',
    'Cache-Control',
    'no-store',
    'Via',
    viaValue,
  ]
  const proxy = proxyStatus(fault)
  if (proxy !== undefined) fields.push('Proxy-Status', proxy)
  if (fault.code === 'ORIGIN_OFFLINE') fields.push('Cache-Status', cacheStatus('failed', undefined, fault.code))
  if (status === 503 || status === 429) fields.push('Retry-After', '5')
  const content = Buffer.from(exchange.request.method === 'HEAD' ? '' : text)
  exchange.firstByteMs = -1
  exchange.response.sendWhole({ status, fields, length: Buffer.byteLength(text), closeAfter: status < 500 }, content)
  return 'finish'
}
