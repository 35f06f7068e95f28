import { setTimeout as delay } from 'node:timers/promises'
import { parseSize } from '../config/units.ts'
import type { VerifyState } from '../store/verify-pass.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, settingsOf } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'

const pollMs = 500
const barWidth = 30

/**
 * `larder verify`: the running daemon reads all stored content again. Ctrl-C interrupts it; the next call goes on there. Damage is no
 * failure of the command: what was damaged is set aside and fetched again when it is asked for.
 */
export const verify: Command<[rate: string]> = async (context, rate) => {
  const bytesPerSecond = parseSize(rate)
  if (bytesPerSecond === undefined || bytesPerSecond <= 0) {
    throw new CommandFailure(exitCodes.usage, `--rate ${rate} is no size`, 'Give bytes a second, such as 100MiB.')
  }
  const client = new AdminClient(settingsOf(context).settings)
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
  }
  process.once('SIGINT', interrupt)
  let state = (await client.post('/v1/verify', { bytesPerSecond })) as VerifyState
  while (state.isRunning && !isInterrupted) {
    context.terminal.progress(progressText(state))
    await delay(pollMs)
    state = (await client.getJson('/v1/verify')) as VerifyState
  }
  process.off('SIGINT', interrupt)
  if (isInterrupted) state = (await client.post('/v1/verify', { stop: true })) as VerifyState
  if (context.json) context.terminal.printJson(state)
  else context.terminal.print(`${isInterrupted ? 'interrupted: ' : ''}${stateText(state)}\n`)
  return isInterrupted ? exitCodes.failed : exitCodes.done
}

function progressText(state: VerifyState): string {
  const done = Math.round(state.share * barWidth)
  return `[${'#'.repeat(done)}${'.'.repeat(barWidth - done)}] ${Math.floor(state.share * 100)} %  ${stateText(state)}`
}

function stateText({ soundCount, damagedCount, checkedBytes }: VerifyState): string {
  return `${soundCount} sound, ${damagedCount} damaged, ${roughSize(checkedBytes)} read`
}
