import type { ExchangeEvent } from '../../src/base/events.ts'

/** A hit of 10 KB, with what the test wants otherwise. */
export function exchangeEvent(changes: Partial<ExchangeEvent> = {}): ExchangeEvent {
  return {
    kind: 'exchange',
    at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    id: 'a1-7',
    client: '127.0.0.1',
    method: 'GET',
    scheme: 'https',
    url: 'https://registry.example.org/pkg/-/pkg-1.0.0.tgz',
    status: 200,
    result: 'hit',
    stored: undefined,
    fault: undefined,
    detail: undefined,
    rule: 'npm.tarball',
    responseBytes: 10_240,
    originBytes: 0,
    firstByteMs: 0.25,
    durationMs: 0.5,
    savedMs: 120,
    clientAborted: false,
    userAgent: undefined,
    ...changes,
  }
}
