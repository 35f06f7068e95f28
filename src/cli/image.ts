import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSystemRoots } from '../ca/system-roots.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { proxyUrlOf } from './env.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { type EngineName, ImageEngine, type ImageFacts } from './image-engine.ts'
import { imageLayer, type Layer, type LayerInput, wrappedLabels, writeContext } from './image-layer.ts'

export interface ImageChoice {
  readonly engine: EngineName | undefined
  readonly dryRun: boolean
}

export interface WrapChoice extends ImageChoice {
  /** Where containers reach the proxy, `http://host:port`; `undefined`: where the running daemon listens. */
  readonly address: string | undefined
  /** File with the CA's certificate; `undefined`: that of the running daemon. */
  readonly ca: string | undefined
}

interface Proxy {
  readonly proxyUrl: string
  readonly caPem: string | undefined
}

/** `larder image wrap`: the image under its own name trusts the CA and points at the proxy; it stays as IMAGE-original. */
export const wrapImage: Command<[image: string, choice: WrapChoice]> = async (context, given, choice) => {
  const image = taggedName(given)
  const proxy = await proxyFor(context, choice)
  const engine = new ImageEngine({ ...context, name: choice.engine, dryRun: choice.dryRun })
  const pair = await lookAt(engine, image)
  if (pair.state === 'lost') {
    throw new CommandFailure(
      exitCodes.failed,
      `${image} is wrapped, but ${pair.original} is gone`,
      `Get it anew: ${engine.name} pull ${image}. Then wrap it again.`,
    )
  }
  if (pair.state === 'plain' && pair.facts === undefined) await engine.pull(image)
  const facts = pair.state === 'wrapped' ? pair.originalFacts : (pair.facts ?? (await engine.inspect(image)))
  const layer = layerOf({ image, original: pair.original, facts, proxy })
  const unchanged = pair.state === 'wrapped' && pair.facts?.labels[wrappedLabels.layer] === layer.digest
  if (!unchanged) {
    if (pair.state === 'plain') await engine.tag(image, pair.original)
    if (choice.dryRun) context.terminal.note(layer.dockerfile.trimEnd())
    await buildLayer(engine, image, layer, pair)
  }
  const words = unchanged ? 'was wrapped already' : choice.dryRun ? 'would be wrapped' : 'is wrapped'
  tell(context, { image, original: pair.original, engine: engine.name, wrapped: true, changed: !unchanged }, words)
  return exitCodes.done
}

/** `larder image unwrap`: IMAGE is again what it was, and the extra name is gone. */
export const unwrapImage: Command<[image: string, choice: ImageChoice]> = async (context, given, choice) => {
  const image = taggedName(given)
  const engine = new ImageEngine({ ...context, name: choice.engine, dryRun: choice.dryRun })
  const { state, original, facts } = await lookAt(engine, image)
  const isSecondName = state === 'plain' && facts !== undefined && (await engine.inspect(original))?.id === facts.id
  if (state === 'lost') {
    throw new CommandFailure(
      exitCodes.failed,
      `${image} is wrapped, but ${original} is gone`,
      `Get it anew: ${engine.name} pull ${image}.`,
    )
  }
  if (state === 'wrapped') {
    await engine.tag(original, image)
    await engine.remove(original)
    await removeLayer(engine, facts!, context)
  }
  // A wrap or unwrap was interrupted.
  if (isSecondName) await engine.remove(original)
  const changed = state === 'wrapped' || isSecondName
  const words = changed ? (choice.dryRun ? 'would be as before' : 'is as before') : 'is not wrapped'
  tell(context, { image, original, engine: engine.name, wrapped: false, changed }, words)
  return exitCodes.done
}

interface Pair {
  /** `lost`: wrapped, and nobody knows what it was before. */
  readonly state: 'plain' | 'wrapped' | 'lost'
  readonly original: string
  readonly facts: ImageFacts | undefined
  readonly originalFacts: ImageFacts | undefined
}

/** An image that was built from a wrapped one has its labels, but is not wrapped itself. */
async function lookAt(engine: ImageEngine, image: string): Promise<Pair> {
  const original = `${image}-original`
  const facts = await engine.inspect(image)
  const base = facts?.labels[wrappedLabels.base]
  const originalFacts = base === undefined ? undefined : await engine.inspect(original)
  const ours = facts?.labels[wrappedLabels.image] === image
  const state = base !== undefined && originalFacts?.id === base ? 'wrapped' : ours ? 'lost' : 'plain'
  return { state, original, facts, originalFacts }
}

/** `name:tag`, as engines complete it. */
function taggedName(image: string): string {
  if (!/^[a-z0-9][\w.\-/:]*$/i.test(image)) {
    throw new CommandFailure(
      exitCodes.usage,
      `${image} is no name that can be given to an image`,
      'Name it as in python:3; a digest cannot stand for another image.',
    )
  }
  return /:[\w.-]+$/.test(image) ? image : `${image}:latest`
}

async function proxyFor(context: CommandContext, { address, ca }: WrapChoice): Promise<Proxy> {
  const client = new AdminClient(settingsOf(context).settings)
  const proxyUrl = address === undefined ? proxyUrlOf(await client.status()) : readAddress(address)
  const caPem = ca === undefined ? await client.caPem() : readCa(ca)
  if (caPem === undefined) context.terminal.note('larder: the daemon has no CA, so https is not cached')
  if (/^http:\/\/(127\.|localhost:|\[::1\])/.test(proxyUrl)) {
    context.terminal.note(
      `larder: ${proxyUrl} is this machine's loopback: build with --network=host, or name another --address`,
    )
  }
  return { proxyUrl, caPem }
}

function readAddress(address: string): string {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`)
  if (url?.protocol === 'http:' && url.port !== '' && url.pathname === '/' && url.username === '') return url.origin
  throw new CommandFailure(exitCodes.usage, `--address ${address} is no address`, 'Write it as http://host:port.')
}

function readCa(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8')
    if (pem.includes('-----BEGIN CERTIFICATE-----') && !pem.includes('PRIVATE KEY')) return pem
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CommandFailure(exitCodes.usage, `cannot read ${file}: ${code}`, 'Name the file with --ca.')
  }
  throw new CommandFailure(exitCodes.usage, `${file} is no certificate in PEM`, 'Make it with: larder ca export.')
}

function layerOf({ proxy, ...rest }: Pick<LayerInput, 'image' | 'original' | 'facts'> & { proxy: Proxy }): Layer {
  return imageLayer({ ...rest, ...proxy, systemRootsPem: readSystemRoots().pem })
}

/** A build that fails leaves no extra name behind. */
async function buildLayer(engine: ImageEngine, image: string, layer: Layer, { state, original }: Pair): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'larder-image-'))
  try {
    writeContext(layer, context)
    await engine.build(context, image)
  } catch (error) {
    if (state === 'plain') await engine.remove(original).catch(() => undefined)
    throw error
  } finally {
    rmSync(context, { recursive: true, force: true })
  }
}

/** What was built from the wrapped image, or runs in it, keeps it. */
async function removeLayer(engine: ImageEngine, { id }: ImageFacts, { terminal }: CommandContext): Promise<void> {
  try {
    await engine.remove(id)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    terminal.note('larder: the wrapped image is still used, without a name')
  }
}

interface Outcome {
  readonly image: string
  readonly original: string
  readonly engine: EngineName
  readonly wrapped: boolean
  readonly changed: boolean
}

function tell({ terminal, json }: CommandContext, outcome: Outcome, words: string): void {
  if (json) terminal.printJson(outcome)
  else terminal.print(`${outcome.image} ${words}\n`)
}
