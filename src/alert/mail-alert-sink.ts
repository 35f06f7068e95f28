import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { createTransport } from 'nodemailer'
import { alertTargetName, type MailTarget } from '../config/alert-targets.ts'
import { type AddressesOf, lookupOf } from './alert-addresses.ts'
import { type Alert, AlertFailure, type AlertSink } from './alert-sink.ts'
import { headline, messageText } from './alert-text.ts'

export interface MailSinkOptions {
  /** The name of this host: the sender, when none is given, is larder@SOURCE. */
  readonly source: string
  readonly password: string | undefined
  readonly addressesOf: AddressesOf
  readonly trust: () => SecureContext
}

const phaseMs = 10_000
const permanentReply = 500

/** Sends each message as a mail in plain text, over verified TLS; without TLS only to addresses that need none. */
export class MailAlertSink implements AlertSink {
  readonly name: string
  readonly #target: MailTarget
  readonly #options: MailSinkOptions

  constructor(target: MailTarget, options: MailSinkOptions) {
    this.name = alertTargetName(target)
    this.#target = target
    this.#options = options
  }

  async send(alert: Alert, signal: AbortSignal): Promise<void> {
    const { socket, needsTls } = await this.#dial(signal)
    const stop = (): void => {
      socket.destroy()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const transport = this.#transport(socket, needsTls)
    try {
      await transport.sendMail(this.#mail(alert))
    } catch (error) {
      throw failureOf(error)
    } finally {
      signal.removeEventListener('abort', stop)
      transport.close()
      socket.destroy()
    }
  }

  /** A relay on this machine or at an address that was allowed may do without TLS; any other must have it. */
  async #dial(signal: AbortSignal): Promise<{ socket: Socket; needsTls: boolean }> {
    const { host, port } = this.#target
    const { addressesOf } = this.#options
    let needsTls = this.#target.secure || this.#target.user !== undefined
    const unverified = needsTls ? undefined : await addressesOf(host, false).catch(() => undefined)
    needsTls ||= unverified === undefined
    const addresses = unverified ?? (await addressesOf(host, true))
    const socket = connect({ host, port, lookup: lookupOf(addresses), autoSelectFamily: true, signal })
    socket.on('error', () => undefined)
    try {
      await once(socket, 'connect', { signal })
    } catch (error) {
      socket.destroy()
      throw failureOf(error)
    }
    return { socket, needsTls }
  }

  #transport(socket: Socket, needsTls: boolean): ReturnType<typeof createTransport> {
    const { host, port, secure, user } = this.#target
    const { password = '', trust } = this.#options
    return createTransport({
      host,
      port,
      secure,
      // Of the end of a connection that it does not have yet it would not hear.
      getSocket: (_options, use) => (socket.destroyed ? use(ended()) : use(null, { connection: socket })),
      requireTLS: needsTls && !secure,
      ignoreTLS: !needsTls,
      tls: { servername: host, secureContext: trust(), rejectUnauthorized: true },
      ...(user === undefined ? {} : { auth: { user, pass: password } }),
      greetingTimeout: phaseMs,
      socketTimeout: phaseMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  #mail(alert: Alert): { from: string; to: string[]; subject: string; text: string; headers: Record<string, string> } {
    const { from = `larder@${this.#options.source}`, to } = this.#target
    return {
      from,
      to: [...to],
      subject: headline(alert),
      text: `${messageText(alert)}\n`,
      // Answering machines should be silent (RFC 3834); messages of one cause are shown together.
      headers: { 'Auto-Submitted': 'auto-generated', References: `<${alert.id}@larder>` },
    }
  }
}

function ended(): Error {
  return Object.assign(new Error('The connection has ended'), { code: 'ECONNECTION' })
}

/** Says the kind of failure and the server's reply code: its text could repeat what it was told. */
function failureOf(error: unknown): AlertFailure {
  const { code = 'it failed', responseCode } = error as { code?: string; responseCode?: number }
  const reply = responseCode === undefined ? '' : `, reply ${responseCode}`
  return new AlertFailure(`${code}${reply}`, (responseCode ?? 0) >= permanentReply)
}
