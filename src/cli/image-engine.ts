import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '../config/environment.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** In the order in which they are looked for. */
export const engineNames = ['docker', 'podman', 'buildah'] as const
export type EngineName = (typeof engineNames)[number]

/** What an engine knows of an image. */
export interface ImageFacts {
  readonly id: string
  /** Who runs its commands; empty for root. */
  readonly user: string
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export interface EngineInput {
  /** `undefined`: the first one that is installed. */
  readonly name: EngineName | undefined
  readonly environment: Environment
  readonly terminal: Terminal
  /** Commands that change something are printed, but not run. */
  readonly dryRun: boolean
}

const outputLimitBytes = 64 * 1024 * 1024
const absent = /no such image|image not known|not found|unable to find|does not exist/i
const run = promisify(execFile)

/** Docker, Podman or Buildah by its command line. Every command that changes something is printed before it is run. */
export class ImageEngine {
  readonly name: EngineName
  readonly #input: EngineInput

  constructor(input: EngineInput) {
    this.name = input.name ?? installedEngine(input.environment)
    this.#input = input
  }

  /** `undefined`: this machine does not have the image. Throws a `CommandFailure` when the engine does not answer. */
  async inspect(image: string): Promise<ImageFacts | undefined> {
    const words = this.name === 'buildah' ? ['inspect', '--type', 'image', image] : ['image', 'inspect', image]
    try {
      const { stdout } = await run(this.name, words, {
        env: { ...this.#input.environment },
        maxBuffer: outputLimitBytes,
      })
      return readFacts(JSON.parse(stdout))
    } catch (error) {
      const { stderr = '', message } = error as Error & { readonly stderr?: string }
      if (absent.test(stderr)) return undefined
      const reason = stderr.trim() || message
      throw new CommandFailure(exitCodes.unavailable, `${this.name}: ${reason}`, remedyOf(this.name))
    }
  }

  pull(image: string): Promise<void> {
    return this.#change(['pull', image])
  }

  tag(image: string, name: string): Promise<void> {
    return this.#change(['tag', image, name])
  }

  /** The layer needs no network; Podman refuses to take it away where it changes the root alone. */
  build(folder: string, image: string): Promise<void> {
    const isBare = this.name === 'podman' && this.#input.environment.BUILDAH_ISOLATION === 'chroot'
    return this.#change(['build', `--network=${isBare ? 'host' : 'none'}`, '-t', image, folder])
  }

  /** Removes a name, and the image with its last one. */
  remove(image: string): Promise<void> {
    return this.#change(['rmi', image])
  }

  async #change(words: readonly string[]): Promise<void> {
    const { terminal, environment, dryRun } = this.#input
    terminal.note(`+ ${[this.name, ...words].join(' ')}`)
    if (dryRun) return
    // What the engine tells goes with what we tell: standard output is for results.
    const child = spawn(this.name, words, { env: { ...environment }, stdio: ['ignore', 2, 2] })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code === 0) return
    throw new CommandFailure(exitCodes.failed, `${this.name} ${words[0]} failed`, 'Its own words are above.')
  }
}

function installedEngine({ PATH = '' }: Environment): EngineName {
  const folders = PATH.split(delimiter).filter((folder) => folder !== '')
  const found = engineNames.find((name) => folders.some((folder) => isExecutable(join(folder, name))))
  if (found !== undefined) return found
  throw new CommandFailure(exitCodes.unavailable, `there is no ${engineNames.join(', ')}`, 'Install one of them.')
}

function remedyOf(name: EngineName): string {
  return name === 'docker' ? 'Is the Docker daemon running? Or name another engine with --engine.' : 'See its message.'
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

interface Configuration {
  readonly User?: string
  readonly Env?: readonly string[] | null
  readonly Labels?: Readonly<Record<string, string>> | null
}

type Inspected =
  | readonly [{ readonly Id: string; readonly Config?: Configuration | null }]
  | { readonly FromImageID: string; readonly OCIv1: { readonly config?: Configuration } }

function readFacts(inspected: Inspected): ImageFacts {
  const [id, configuration] =
    'FromImageID' in inspected
      ? [inspected.FromImageID, inspected.OCIv1.config]
      : [inspected[0].Id, inspected[0].Config]
  const { User, Env, Labels } = configuration ?? {}
  const pairs = (Env ?? []).map((line) => {
    const end = line.indexOf('=')
    return [line.slice(0, end), line.slice(end + 1)] as const
  })
  return { id, user: User ?? '', environment: Object.fromEntries(pairs), labels: Labels ?? {} }
}
