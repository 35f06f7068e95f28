import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'
import type { Next, StepName } from './transitions.ts'

/** What a step may answer: a name of its row in the table; `undefined` after the last. */
export type Answer<S extends StepName> = [Next<S>] extends [never] ? undefined : Next<S>

/** One step of the machine: answers the name of the next one, synchronously whenever it can. */
export type Step<S extends StepName> = (exchange: Exchange, services: Services) => Answer<S> | Promise<Answer<S>>
