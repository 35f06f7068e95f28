import { isLastRecipient } from './answer.ts'
import type { Step } from './step.ts'

/** The yes or no before any work is done. Clients are admitted when they connect; here it is the URL. */
export const admit: Step<'admit'> = (exchange, services) => {
  const denied = services.urlCheck(exchange.target!)
  if (denied !== undefined) throw denied
  return isLastRecipient(exchange) ? 'answer' : 'classify'
}
