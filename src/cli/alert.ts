import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Alert, AlertFailure, type AlertSink } from '../alert/alert-sink.ts'
import { tellingOf } from '../alert/causes.ts'
import { openAlertSinks } from '../app/alerting.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { type Command, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

/** What became of the message at one sink. */
interface Told {
  readonly sink: string
  readonly delivered: boolean
  /** Why not. */
  readonly failure?: string
  readonly durationMs: number
}

const attemptMs = 10_000
const validMs = 60_000

/** `larder alert test`: one message to each sink, without retries. */
export const testAlerts: Command = async (context) => {
  const { settings } = settingsOf(context)
  const sinks = openAlertSinks(settings, systemClock, context.environment)
  if (sinks.length === 0) {
    const remedy = 'Name one with --alert, LARDER_ALERT or in the file: docs/alerts.md.'
    throw new CommandFailure(exitCodes.configuration, 'no alert sink is configured', remedy)
  }
  const alert = testAlert(systemClock)
  const told = await Promise.all(sinks.map((sink) => tell(sink, alert, systemClock)))
  if (context.json) context.terminal.printJson(told)
  else for (const one of told) context.terminal.print(`${lineOf(one)}\n`)
  return told.every(({ delivered }) => delivered) ? exitCodes.done : exitCodes.failed
}

async function tell(sink: AlertSink, alert: Alert, clock: Clock): Promise<Told> {
  const startedMs = clock.elapsed()
  const took = (): number => Math.round(clock.elapsed() - startedMs)
  const signal = AbortSignal.timeout(attemptMs)
  try {
    await sink.send(alert, signal)
    return { sink: sink.name, delivered: true, durationMs: took() }
  } catch (error) {
    const reason = error instanceof AlertFailure ? error.message : 'the sink failed unexpectedly'
    const failure = signal.aborted ? 'it did not take the message in time' : reason
    return { sink: sink.name, delivered: false, failure, durationMs: took() }
  }
}

function lineOf({ sink, delivered, failure, durationMs }: Told): string {
  return `${sink}  ${delivered ? 'delivered' : `failed: ${failure}`} (${durationMs} ms)`
}

function testAlert(clock: Clock): Alert {
  const now = clock.now()
  return {
    ...tellingOf('ALERT_TEST'),
    id: randomUUID(),
    status: 'firing',
    code: 'ALERT_TEST',
    fault: undefined,
    subject: 'larder alert test',
    detail: '',
    count: 1,
    newCount: 1,
    startedAt: now,
    lastAt: now,
    endedAt: undefined,
    validUntilAt: now + validMs,
    droppedCount: 0,
    source: hostname(),
  }
}
