import assert from 'node:assert/strict'
import type { Exchange } from '../../src/pipeline/exchange.ts'
import type { Profile } from '../../src/policy/profile.ts'
import { differences } from './conversation-differences.ts'
import { RecordingClient, ScriptedOrigin, StillClock } from './conversation-parties.ts'
import { type Line, readLine, withDates } from './conversation-script.ts'
import { breathe, Scene } from './scene.ts'

/** A line that was not kept, and why. */
interface Broken {
  readonly at: number
  readonly why: string
}

/** A request that was made, and its client. */
interface Asked {
  readonly client: RecordingClient
  readonly exchange: Exchange
}

type Said = { readonly at: number; readonly line: Line }

/**
 * Lets a client, Larder and an origin say the lines of `talk` (see `Line`), Larder's by its real pipeline over empty
 * stores. Fails with the whole conversation, the wrong line marked. An `origin` line that was not needed is wrong, and so
 * is a request for which the origin has no line.
 */
export async function converse(talk: readonly string[], profile: Profile): Promise<void> {
  const stage = new Stage(profile)
  try {
    const lines = talk.map((text, at) => ({ at, line: readLine(text) }))
    for (const turn of turnsOf(lines)) {
      const broken = await stage.play(turn)
      if (broken.length > 0) assert.fail(marked(talk, broken, profile))
    }
  } finally {
    await stage.close()
  }
}

/** Each begins where the client speaks or time passes. */
function turnsOf(lines: readonly Said[]): Said[][] {
  const turns: Said[][] = []
  for (const said of lines) {
    const begins = ['client', 'time', 'restart', 'offline'].includes(said.line.who)
    if (begins) turns.push([said])
    else if (turns.length === 0) throw new Error('a conversation begins with the client')
    else turns.at(-1)!.push(said)
  }
  return turns
}

function marked(talk: readonly string[], broken: readonly Broken[], profile: Profile): string {
  const lines = talk.flatMap((text, at) => {
    const reasons = broken.filter((one) => one.at === at).map(({ why }) => `      ^ ${why}`)
    return [`${reasons.length > 0 ? '✗' : ' '} ${text}`, ...reasons]
  })
  return [`Profile ${profile}:`, ...lines].join('\n')
}

/** Where a conversation is played: a scene, and an origin that knows its lines. */
class Stage {
  readonly #clock = new StillClock()
  readonly #origin = new ScriptedOrigin(this.#clock)
  readonly #scene: Scene

  constructor(profile: Profile) {
    this.#scene = new Scene(profile, this.#clock, this.#origin)
  }

  close(): Promise<void> {
    return this.#scene.close()
  }

  /** Says the lines of a turn; answers those that were not kept. */
  async play(turn: readonly Said[]): Promise<readonly Broken[]> {
    const { line, at } = turn[0]!
    if (line.who === 'time') this.#clock.pass(line.passesMs)
    if (line.who === 'restart') this.#scene.forgetMemory()
    if (line.who === 'offline') this.#scene.goOffline()
    if (line.who !== 'client') return []
    const sentAt = this.#clock.now()
    const date = (text: string): string => withDates(text, sentAt)
    const askedBefore = this.#origin.requests.length
    this.#cue(turn)
    const talks = await this.#ask(turn, date)
    await this.#scene.settled()
    const unexpected = this.#origin.unexpected
      .splice(0)
      .map((request) => ({ at, why: `the origin has no answer for ${request.method} ${request.target.href}` }))
    return [...unexpected, ...this.#compare(turn, talks, askedBefore, date)]
  }

  /** Says what the clients say; the origin is silent until all have spoken. */
  async #ask(turn: readonly Said[], date: (text: string) => string): Promise<Asked[]> {
    const silence = Promise.withResolvers<void>()
    this.#origin.readyToSpeak = silence.promise
    const asked: Asked[] = []
    for (const { line } of turn) {
      if (line.who !== 'client' && line.who !== 'another client') continue
      const client = new RecordingClient(line.method)
      const { body } = line.parts
      const fields = line.parts.fields.map(date)
      const content = body === undefined ? undefined : Buffer.from(body)
      asked.push({ client, exchange: this.#scene.ask({ ...line, fields, body: content }, client) })
      await breathe()
    }
    silence.resolve()
    return asked
  }

  /** Tells the origin its lines. */
  #cue(turn: readonly Said[]): void {
    let interims: Extract<Line, { who: 'origin interim' }>[] = []
    for (const { line } of turn) {
      if (line.who === 'origin interim') interims.push(line)
      if (line.who !== 'origin') continue
      this.#origin.willAnswer(line, interims)
      interims = []
    }
  }

  /** Goes through the lines of a turn with what happened at each. */
  #compare(
    turn: readonly Said[],
    [first, other]: readonly Asked[],
    askedBefore: number,
    date: (text: string) => string,
  ): Broken[] {
    const broken: Broken[] = []
    const answerCount = turn.filter(({ line }) => line.who === 'origin').length
    let answered = 0
    let interims = 0
    for (const { at, line } of turn) {
      if (line.who === 'origin') {
        answered += 1
        if (answered > answerCount - this.#origin.leftCount)
          broken.push({ at, why: 'the origin was not asked for this' })
      }
      const request = this.#origin.requests[askedBefore + answered]
      const interim = line.who === 'larder interim' ? first!.client.interims[interims++] : undefined
      const { client, exchange } = line.who === 'larder to the other' ? other! : first!
      const event = this.#scene.eventOf(exchange)
      for (const why of differences(line, { client, request, event, interim }, date)) broken.push({ at, why })
    }
    const more = first!.client.interims.length - interims
    if (more > 0) broken.push({ at: turn[0]!.at, why: `the client got ${more} interim responses that no line names` })
    return broken
  }
}
