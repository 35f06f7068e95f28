import { promises as dns, type LookupAddress } from 'node:dns'
import { type Clock, systemClock, systemTimers, type Timers } from '../base/clock.ts'
import { boundedLookups } from './bounded-lookups.ts'
import { codeOf } from './connect-faults.ts'

/** All addresses of a name, as the system's resolver gives them; rejects with its error. */
export type ResolveHost = (host: string) => Promise<readonly LookupAddress[]>

export interface ResolverOptions {
  readonly clock?: Clock
  readonly timers?: Timers
  readonly lookup?: ResolveHost
}

/** The system's resolver tells no lifetimes, so one is chosen for all (CORRECTNESS T20: 1 s to 60 s). */
const answerMs = 10_000
/** That there is no such name is soon asked again: it may just be on its way. */
const absenceMs = 2_000
/** While the resolver fails, the last answer is used for so long; then every 10 s it is seen whether it still fails. */
const longestStaleMs = 3_600_000
/** A resolver that takes longer is taken to fail, where there is an answer from before (RFC 8767 section 5). */
const patienceMs = 1_800
/** Names that are remembered; beyond, those asked longest ago are forgotten. */
const maxNameCount = 2_000

type Answer = { readonly addresses: readonly LookupAddress[] } | { readonly absence: unknown }

interface Known {
  readonly answer: Answer
  readonly askedMs: number
  goodUntilMs: number
}

/**
 * The system's resolver, with /etc/hosts and all that nsswitch names, asked once for all who want the same name at the
 * same time. Answers are remembered for a short time; whoever dials checks each address anew.
 */
export function systemResolver(options: ResolverOptions = {}): ResolveHost {
  const memory = new NameMemory(options)
  return (host) => memory.resolve(host)
}

class NameMemory {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #lookup: ResolveHost
  readonly #known = new Map<string, Known>()
  readonly #underWay = new Map<string, Promise<readonly LookupAddress[]>>()

  constructor({ clock = systemClock, timers = systemTimers, lookup = lookupAll }: ResolverOptions) {
    this.#clock = clock
    this.#timers = timers
    this.#lookup = boundedLookups(lookup, timers)
  }

  async resolve(host: string): Promise<readonly LookupAddress[]> {
    const known = this.#known.get(host)
    const now = this.#clock.elapsed()
    if (known !== undefined && now < known.goodUntilMs) {
      if ('addresses' in known.answer) return known.answer.addresses
      throw known.answer.absence
    }
    const asked = this.#ask(host)
    if (known === undefined || !('addresses' in known.answer) || now - known.askedMs > longestStaleMs) return asked
    return this.#orBefore(asked, known, known.answer.addresses)
  }

  #ask(host: string): Promise<readonly LookupAddress[]> {
    const asked = this.#underWay.get(host)
    if (asked !== undefined) return asked
    const answer = this.#lookup(host)
      .then(
        (addresses) => {
          this.#remember(host, { addresses }, answerMs)
          return addresses
        },
        (error) => {
          if (isAbsence(error)) this.#remember(host, { absence: error }, absenceMs)
          throw error
        },
      )
      .finally(() => this.#underWay.delete(host))
    this.#underWay.set(host, answer)
    return answer
  }

  /** What is asked, unless the resolver fails or takes long: then the addresses from before, and for a while at once. */
  #orBefore(
    asked: Promise<readonly LookupAddress[]>,
    known: Known,
    before: readonly LookupAddress[],
  ): Promise<readonly LookupAddress[]> {
    return new Promise((resolve, reject) => {
      const fallBack = (): void => {
        known.goodUntilMs = this.#clock.elapsed() + answerMs
        resolve(before)
      }
      const callOff = this.#timers.after(patienceMs, fallBack)
      asked.then(resolve, (error) => (isAbsence(error) ? reject(error) : fallBack())).finally(callOff)
    })
  }

  #remember(host: string, answer: Answer, forMs: number): void {
    const askedMs = this.#clock.elapsed()
    this.#known.delete(host)
    if (this.#known.size >= maxNameCount) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(host, { answer, askedMs, goodUntilMs: askedMs + forMs })
  }
}

const lookupAll: ResolveHost = (host) => dns.lookup(host, { all: true, order: 'verbatim' })

/** Did the resolver say that there is no such name? All else may pass. */
function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'ENOTFOUND'
}
