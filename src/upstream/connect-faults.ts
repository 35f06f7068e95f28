import { Fault, type FaultCode } from '../base/faults.ts'

/** What a connection was busy with when it failed. */
export type ConnectStage = 'name' | 'address' | 'tls'

/** Reasons of OpenSSL and Node why a certificate is not trusted. */
const certificateCodes = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CRL_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNSPECIFIED',
])

/** Words by which OpenSSL rejects a certificate without a code of its own; an alert is the other side's complaint. */
const certificateWords = /^(?!.*alert).*(certificate|key too small|md too weak|permitted subtree|excluded subtree)/is

const codes: { readonly [code: string]: FaultCode } = {
  ENOTFOUND: 'ORIGIN_DNS_FAILED',
  EAI_AGAIN: 'ORIGIN_DNS_TIMEOUT',
  ECONNREFUSED: 'ORIGIN_CONNECT_REFUSED',
  EHOSTUNREACH: 'ORIGIN_CONNECT_REFUSED',
  ENETUNREACH: 'ORIGIN_CONNECT_REFUSED',
  EADDRNOTAVAIL: 'ORIGIN_CONNECT_REFUSED',
  EACCES: 'ORIGIN_CONNECT_REFUSED',
  ETIMEDOUT: 'ORIGIN_CONNECT_TIMEOUT',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'ORIGIN_CONNECT_TIMEOUT',
  ECONNRESET: 'ORIGIN_CONNECTION_LOST',
  EPIPE: 'ORIGIN_CONNECTION_LOST',
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** The fault that an error met while connecting to `peer` (`host:port`) is. */
export function connectFault(error: unknown, stage: ConnectStage, peer: string): Fault {
  if (error instanceof Fault) return error
  const text = error instanceof Error ? error.message || codeOf(error) : String(error)
  return new Fault(connectCode(error, stage, text), `${peer}: ${text}`, { cause: error })
}

function connectCode(error: unknown, stage: ConnectStage, text: string): FaultCode {
  const code = codeOf(error)
  if (certificateCodes.has(code)) return 'ORIGIN_TLS_CERTIFICATE'
  const known = codes[code]
  if (known !== undefined) return known
  if (stage === 'name') return 'ORIGIN_DNS_FAILED'
  if (stage === 'address') return 'ORIGIN_CONNECT_REFUSED'
  return certificateWords.test(text) ? 'ORIGIN_TLS_CERTIFICATE' : 'ORIGIN_TLS_PROTOCOL'
}

/** The fault for a connection that was not there in time. */
export function connectTimeout(stage: ConnectStage, peer: string, timeoutMs: number): Fault {
  return stage === 'name'
    ? new Fault('ORIGIN_DNS_TIMEOUT', `${peer}: no answer from the resolver within ${timeoutMs} ms`)
    : new Fault('ORIGIN_CONNECT_TIMEOUT', `${peer}: no connection within ${timeoutMs} ms`)
}
