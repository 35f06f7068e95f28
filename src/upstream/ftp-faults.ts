import { FTPError } from 'basic-ftp'
import { Fault, type FaultCode } from '../base/faults.ts'
import { connectFault } from './connect-faults.ts'

/** How far an FTP exchange had come when it failed. */
export type FtpStage = 'connect' | 'tls' | 'login' | 'command' | 'content'

/** The fault that an error met while talking to the FTP server `peer` is. */
export function ftpFault(error: unknown, stage: FtpStage, peer: string): Fault {
  if (error instanceof Fault) return error
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof FTPError ? codeOfReply(error.code, stage) : codeOfLoss(error, text, stage, peer)
  return new Fault(code, `${peer}: ${text}`, { cause: error })
}

function codeOfReply(reply: number, stage: FtpStage): FaultCode {
  if (stage === 'content') return 'ORIGIN_TRUNCATED'
  // A server that knows no TLS, or not now, is not spoken to without.
  if (stage === 'tls' && reply >= 500) return 'ORIGIN_TLS_PROTOCOL'
  if (reply >= 400 && reply < 500) return 'ORIGIN_FTP_TRANSIENT'
  // 530 and 532 refuse the login at any time; 332 asks for an account that anonymous does not have.
  const refused = reply === 530 || reply === 532 || (stage === 'login' && (reply < 400 || reply >= 530))
  if (refused) return 'ORIGIN_FTP_LOGIN'
  return reply < 200 ? 'ORIGIN_FTP_TRANSIENT' : 'ORIGIN_RESPONSE_INVALID'
}

function codeOfLoss(error: unknown, text: string, stage: FtpStage, peer: string): FaultCode {
  const timeout = text.startsWith('Timeout')
  if (timeout && stage === 'content') return 'ORIGIN_READ_TIMEOUT'
  if (timeout) return 'ORIGIN_HEAD_TIMEOUT'
  if (stage === 'content') return 'ORIGIN_TRUNCATED'
  if (/exceeded|Can't parse|nobody asked for/.test(text)) return 'ORIGIN_RESPONSE_INVALID'
  const known = connectFault(error, stage === 'tls' ? 'tls' : 'address', peer).code
  if (known === 'ORIGIN_TLS_CERTIFICATE') return known
  const closed = (error as NodeJS.ErrnoException).code === undefined || (stage !== 'connect' && stage !== 'tls')
  return closed ? 'ORIGIN_CONNECTION_LOST' : known
}
