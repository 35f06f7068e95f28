import { Fault, type FaultCode } from '../base/faults.ts'
import { codeOf } from './connect-faults.ts'

/** How far an exchange with the origin had come. */
export type ResponseStage = 'head' | 'content'

const codes: { readonly [code: string]: FaultCode } = {
  UND_ERR_HEADERS_TIMEOUT: 'ORIGIN_HEAD_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'ORIGIN_READ_TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'ORIGIN_HEAD_TOO_LARGE',
  UND_ERR_INVALID_ARG: 'CLIENT_REQUEST_INVALID',
  UND_ERR_NOT_SUPPORTED: 'CLIENT_REQUEST_INVALID',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'CLIENT_REQUEST_INVALID',
}

/** Did the origin send bytes that are no part of any response? (undici's words; its parser errors carry no code.) */
export function isMalformed(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'HTTPParserError') return !error.message.includes('Invalid EOF state')
  return codeOf(error) === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(error.message)
}

/** The fault that an error on an open connection to `peer` is. */
export function responseFault(error: unknown, stage: ResponseStage, peer: string): Fault {
  if (error instanceof Fault) return error
  const text = error instanceof Error ? error.message || codeOf(error) : String(error)
  return new Fault(responseCode(error, stage), `${peer}: ${text}`, { cause: error })
}

function responseCode(error: unknown, stage: ResponseStage): FaultCode {
  const code = codeOf(error)
  const known = codes[code]
  if (known !== undefined) return known
  if (isMalformed(error)) return 'ORIGIN_RESPONSE_INVALID'
  if (stage === 'content') return 'ORIGIN_TRUNCATED'
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'ORIGIN_RESPONSE_INVALID'
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'ORIGIN_TLS_PROTOCOL'
  return 'ORIGIN_CONNECTION_LOST'
}
