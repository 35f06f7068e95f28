import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Route } from './face-adapter.ts'
import type { RawResults, Statuses } from './suite.ts'

/** A field of the response by which a proxy shows that it was on the way. */
export interface Sign {
  readonly field: string
  readonly word: string
}

export interface FaceTask {
  readonly suiteFolder: string
  readonly route: Route
  readonly sign: Sign
  /** The only tests to run. */
  readonly only?: readonly string[] | undefined
  /** Prints what is said. */
  readonly dumps?: boolean
}

export interface FaceOutcome {
  readonly results: RawResults
  readonly statuses: Statuses
  readonly responseCount: number
  /** Status and URL of responses without the proxy's sign: they went past it. */
  readonly unsigned: readonly string[]
  readonly problems: readonly string[]
}

const limitMs = 280_000

/** Runs the suite, or one test of it, on one face of a proxy. */
export async function runFace(task: FaceTask): Promise<FaceOutcome> {
  const worker = new Worker(join(import.meta.dirname, 'face-worker.ts'), { workerData: task })
  try {
    const [outcome] = await once(worker, 'message', { signal: AbortSignal.timeout(limitMs) })
    return outcome as FaceOutcome
  } finally {
    await worker.terminate()
  }
}
