import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment } from '../config/environment.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'

/** This program, as it runs: from sources or built, wherever it lies. */
const programFile = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`)
const mostErrorText = 16_384

/**
 * Starts a daemon for each line that it reads, and answers two lines: the process, and its status once it has ended. It
 * keeps the sockets at 3 (proxy) and 4 (ours) open meanwhile, and ends with its standard input.
 */
const script = `while read -r _; do
  sh -c 'echo $$; LISTEN_PID=$$ exec "$@" </dev/null >/dev/null' sh "$@"
  echo $?
done`

/**
 * Holds the socket that the daemons of one `larder run` serve, one after the other, so that who connects while none is there
 * waits for the next one. Node cannot hold a listening socket without accepting, so a shell does.
 */
export class DaemonHolder {
  readonly #shell: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #lines: AsyncIterator<string>
  #errors = ''
  #pid: Promise<number | undefined> | undefined
  #totals: TotalsSnapshot | undefined

  private constructor(shell: ChildProcess) {
    this.#shell = shell
    // The channel may still bring a message when all streams have ended.
    this.#closed = Promise.all([once(shell, 'close'), once(shell, 'disconnect')])
    this.#lines = createInterface({ input: shell.stdout! })[Symbol.asyncIterator]()
    shell.stdin!.on('error', () => {})
    shell.stderr!.setEncoding('utf8').on('data', (more: string) => {
      this.#errors = (this.#errors + more).slice(-mostErrorText)
    })
    shell.on('message', (message) => {
      this.#totals = message as TotalsSnapshot
    })
  }

  /** `words`: what follows `larder serve`. The socket is on a free port of loopback. */
  static async open(words: readonly string[], environment: Environment): Promise<DaemonHolder> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const daemon = [process.execPath, ...process.execArgv, programFile, 'serve', ...words]
    const shell = spawn('sh', ['-c', script, 'sh', ...daemon], {
      env: { ...environment, LISTEN_FDS: '1', LISTEN_FDNAMES: 'proxy', NOTIFY_SOCKET: undefined },
      // Not of our process group: Ctrl-C is for the command, which may take its time to end. The channel ends with us.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', descriptorOf(server), 'ipc'],
    })
    server.close()
    await once(shell, 'spawn')
    return new DaemonHolder(shell)
  }

  /** What the latest daemon said on standard error, the end of it. */
  get errors(): string {
    return this.#errors
  }

  /** Starts a daemon; resolves when it has ended, with its status as a shell tells it: 128 and the signal. */
  async runDaemon(): Promise<number> {
    this.#totals = undefined
    this.#errors = ''
    this.#shell.stdin!.write('\n')
    this.#pid = this.#number()
    await this.#pid
    const status = await this.#number()
    this.#pid = undefined
    return status ?? 0
  }

  /** To the daemon that runs, if there is one. */
  async signal(name: NodeJS.Signals): Promise<void> {
    const pid = await this.#pid
    if (pid === undefined || this.#pid === undefined) return
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Lets the socket go, once the daemon has ended. Answers what the last one did, if it could tell. */
  async close(): Promise<TotalsSnapshot | undefined> {
    this.#shell.stdin!.end()
    await this.#closed
    return this.#totals
  }

  async #number(): Promise<number | undefined> {
    const { value } = await this.#lines.next()
    return value === undefined ? undefined : Number(value)
  }
}

function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd
}
