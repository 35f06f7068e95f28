import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'

export interface SmtpRules {
  /** Offers STARTTLS, or speaks TLS from the first byte. */
  readonly identity?: { readonly key: string; readonly cert: string }
  readonly isImplicit?: boolean
}

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** Head and body as sent, dots undone. */
  readonly data: string
  readonly isSecured: boolean
  /** `user:password` as given. */
  readonly login: string | undefined
}

export interface FakeSmtp {
  readonly port: number
  readonly mails: readonly Mail[]
  /** Replies by command word, instead of the right ones; `CONNECT` is the greeting, `DATA-END` the reply to the mail. Empty: none. */
  readonly replies: Record<string, string>
  readonly connectionCount: number
  stop(): Promise<void>
}

/** A mail server on loopback that takes every mail. */
export async function startFakeSmtp(rules: SmtpRules = {}): Promise<FakeSmtp> {
  const smtp = new ScriptedSmtp(rules)
  await smtp.listen()
  return smtp
}

class ScriptedSmtp implements FakeSmtp {
  readonly mails: Mail[] = []
  readonly replies: Record<string, string> = {}
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor({ identity, isImplicit = false }: SmtpRules) {
    const context = identity && createSecureContext(identity)
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      const session = new Session(this, isImplicit ? undefined : context)
      if (isImplicit) session.greet(secured(socket, context!), true)
      else session.greet(socket, false)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

function secured(socket: Socket, secureContext: SecureContext): TLSSocket {
  const tls = new TLSSocket(socket, { isServer: true, secureContext })
  return tls.on('error', () => socket.destroy())
}

interface Told {
  readonly mails: Mail[]
  readonly replies: Record<string, string>
}

class Session {
  readonly #server: Told
  readonly #context: SecureContext | undefined
  #socket!: Socket
  #isSecured = false
  #waiting = ''
  #login: string | undefined
  #from = ''
  #to: string[] = []
  #data: string[] | undefined

  constructor(server: Told, context: SecureContext | undefined) {
    this.#server = server
    this.#context = context
  }

  greet(socket: Socket, isSecured: boolean): void {
    this.#use(socket, isSecured)
    this.#reply('CONNECT', '220 mail.test ready')
  }

  #use(socket: Socket, isSecured: boolean): void {
    this.#socket = socket
    this.#isSecured = isSecured
    this.#waiting = ''
    socket.on('data', (chunk: Buffer) => {
      this.#waiting += chunk.toString('utf8')
      for (let end = this.#waiting.indexOf('\r\n'); end >= 0; end = this.#waiting.indexOf('\r\n')) {
        const line = this.#waiting.slice(0, end)
        this.#waiting = this.#waiting.slice(end + 2)
        this.#take(line)
      }
    })
  }

  #take(line: string): void {
    if (this.#data !== undefined) return this.#takeData(this.#data, line)
    const word = line.split(' ', 1)[0]!.toUpperCase()
    if (word === 'STARTTLS' && this.#context !== undefined) return this.#secure(this.#context)
    if (word === 'AUTH')
      this.#login = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .slice(1)
        .replace('\0', ':')
    if (word === 'MAIL') this.#from = /<(.*?)>/.exec(line)?.[1] ?? ''
    if (word === 'RCPT') this.#to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
    if (word === 'DATA' && this.#server.replies.DATA === undefined) this.#data = []
    this.#reply(word, this.#rightReply(word))
    if (word === 'QUIT') this.#socket.end()
  }

  #takeData(data: string[], line: string): void {
    if (line !== '.') {
      data.push(line.replace(/^\./, ''))
      return
    }
    this.#data = undefined
    if (this.#server.replies['DATA-END'] === undefined) {
      const isSecured = this.#isSecured
      this.#server.mails.push({ from: this.#from, to: this.#to, data: data.join('\n'), isSecured, login: this.#login })
    }
    this.#to = []
    this.#reply('DATA-END', '250 Taken')
  }

  #rightReply(word: string): string {
    if (word === 'EHLO') {
      const tls = this.#context !== undefined && !this.#isSecured ? '250-STARTTLS\r\n' : ''
      return `250-mail.test\r\n${tls}250-AUTH PLAIN\r\n250 8BITMIME`
    }
    if (word === 'AUTH') return '235 Welcome'
    if (word === 'STARTTLS') return '502 Not here'
    return word === 'DATA' ? '354 Go on' : word === 'QUIT' ? '221 Bye' : '250 Fine'
  }

  #secure(context: SecureContext): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    plain.write('220 Go ahead\r\n')
    this.#use(secured(plain, context), true)
  }

  #reply(word: string, right: string): void {
    const reply = this.#server.replies[word] ?? right
    if (reply !== '') this.#socket.write(`${reply}\r\n`)
  }
}
