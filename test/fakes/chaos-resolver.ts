import type { ResolveHost } from '../../src/upstream/resolve-host.ts'

/** What the resolver says to the `question`-th question: loopback, that it cannot tell now, that there is no such name, or nothing until `release`. */
export type NameRule = (host: string, question: number) => 'loopback' | 'again' | 'unknown' | 'silent'

export interface ChaosResolver {
  readonly resolve: ResolveHost
  readonly questionCount: number
  /** Answers all that wait, with loopback. */
  release(): void
}

/** A resolver that fails as a test wants. */
export function createChaosResolver(rule: NameRule): ChaosResolver {
  const loopback = [{ address: '127.0.0.1', family: 4 }]
  const gate = Promise.withResolvers<void>()
  let questionCount = 0
  return {
    get questionCount() {
      return questionCount
    },
    release: () => gate.resolve(),
    resolve: async (host) => {
      questionCount += 1
      const said = rule(host, questionCount)
      if (said === 'again') throw Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN' })
      if (said === 'unknown') throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
      if (said === 'silent') await gate.promise
      return loopback
    },
  }
}
