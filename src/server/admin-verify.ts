import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson, readMembers } from './admin-answers.ts'

/** Reading all stored content again. */
export interface VerifyAdmin {
  state(): object
  begin(bytesPerSecond: number): void
  stop(): Promise<void>
}

interface Verifying {
  readonly verifying: VerifyAdmin
}

export const verifyRoutes = {
  '/v1/verify': {
    GET: (_: IncomingMessage, response: ServerResponse, { verifying }: Verifying) =>
      answerJson(response, 200, verifying.state()),
    POST: async (request: IncomingMessage, response: ServerResponse, { verifying }: Verifying) => {
      const shape = '{"bytesPerSecond": N} or {"stop": true}'
      const members = await readMembers(request, response, shape)
      if (members === undefined) return
      const { bytesPerSecond, stop } = members
      if (stop === true) await verifying.stop()
      else if (typeof bytesPerSecond === 'number' && bytesPerSecond > 0) verifying.begin(bytesPerSecond)
      else return answerJson(response, 400, { error: `the body must be ${shape}` })
      answerJson(response, 200, verifying.state())
    },
  },
}
