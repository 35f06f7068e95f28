import { asFault } from '../base/faults.ts'
import { admit } from './admit.ts'
import { answer } from './answer.ts'
import { classify } from './classify.ts'
import { deliver } from './deliver.ts'
import type { Exchange } from './exchange.ts'
import { fetch } from './fetch.ts'
import { fill } from './fill.ts'
import { finish } from './finish.ts'
import { join } from './join.ts'
import { judge } from './judge.ts'
import { lookup } from './lookup.ts'
import { receive } from './receive.ts'
import { refuse } from './refuse.ts'
import { relay } from './relay.ts'
import { revalidate } from './revalidate.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'
import type { StepName } from './transitions.ts'

const steps: { readonly [S in StepName]: Step<S> } = {
  receive,
  admit,
  classify,
  lookup,
  join,
  fetch,
  revalidate,
  judge,
  fill,
  deliver,
  relay,
  answer,
  refuse,
  finish,
}

/** Takes an exchange from `step` to its end, of which it tells. Awaits only what is a promise: a hit in memory runs without one. */
export function run(exchange: Exchange, services: Services, step: StepName = 'receive'): void {
  for (let current: StepName | undefined = step; current !== undefined; ) {
    exchange.trail.push(current)
    let next: StepName | undefined | Promise<StepName | undefined>
    try {
      next = steps[current](exchange, services)
    } catch (error) {
      next = failed(exchange, error)
    }
    if (next instanceof Promise) {
      void next.then(
        (name) => goOn(exchange, services, name),
        (error) => goOnFailed(exchange, services, error),
      )
      return
    }
    current = next
  }
}

/** As `goOn`, after a step that failed: a mistake in what is done then must not stop the daemon. */
function goOnFailed(exchange: Exchange, services: Services, error: unknown): void {
  try {
    goOn(exchange, services, failed(exchange, error))
  } catch {
    exchange.over()
  }
}

function goOn(exchange: Exchange, services: Services, step: StepName | undefined): void {
  try {
    if (step !== undefined) run(exchange, services, step)
  } catch {
    exchange.over()
  }
}

/** A thrown fault becomes an answer while nothing was sent; later it may only break the connection (CORRECTNESS M1). */
function failed(exchange: Exchange, error: unknown): StepName | undefined {
  exchange.fault = asFault(error)
  exchange.flight?.announce({ kind: 'failed', fault: exchange.fault })
  exchange.flight?.land()
  const last = exchange.trail.at(-1)
  if (last === 'finish') {
    exchange.over()
    return undefined
  }
  if (last !== 'refuse' && !exchange.response.headSent) return 'refuse'
  exchange.response.destroy()
  return 'finish'
}
