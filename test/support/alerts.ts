import type { Alert } from '../../src/alert/alert-sink.ts'

/** A message with plausible content. */
export function someAlert(changes: Partial<Alert> = {}): Alert {
  const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5)
  return {
    id: '5c9a6f0e-0000-4000-8000-000000000001',
    status: 'firing',
    code: 'ORIGIN_FAILING',
    fault: 'ORIGIN_CONNECT_REFUSED',
    severity: 'warning',
    subject: 'https://example.org',
    summary: 'Requests to this origin fail.',
    detail: 'example.org:443: connection refused',
    remedy: 'What is stored is served.',
    count: 17,
    newCount: 16,
    startedAt,
    lastAt: startedAt + 60_000,
    endedAt: undefined,
    validUntilAt: startedAt + 660_000,
    droppedCount: 0,
    source: 'host.test',
    ...changes,
  }
}
