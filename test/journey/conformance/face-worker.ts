import { parentPort, workerData } from 'node:worker_threads'
import { exactFetch } from './exact-fetch.ts'
import { startFaceAdapter } from './face-adapter.ts'
import type { FaceOutcome, FaceTask } from './face-run.ts'
import { loadGroups, runGroups } from './suite.ts'

const task = workerData as FaceTask

/** The suite on one face, in a thread of its own: the suite's client can run only once in a set of modules. */
async function runFace({ suiteFolder, route, sign, only, dumps = false }: FaceTask): Promise<FaceOutcome> {
  const adapter = await startFaceAdapter(route)
  const unsigned: string[] = []
  const statuses: Record<string, number[]> = {}
  let responseCount = 0
  const fetch = exactFetch(adapter.port, (url, init, { status, headers }) => {
    responseCount++
    const id = init.headers?.find(([name]) => name === 'Test-ID')?.[1]
    if (id !== undefined) (statuses[id] ??= []).push(status)
    if (!headers.get(sign.field)?.includes(sign.word)) unsigned.push(`${status} ${url}`)
  })
  const groups = (await loadGroups(suiteFolder)).map((group) => ({
    ...group,
    tests: group.tests.filter(({ id }) => only === undefined || only.includes(id)),
  }))
  if (dumps) for (const group of groups) for (const test of group.tests) test.dump = true
  const scheme = route.face === 'plain' ? 'http' : 'https'
  const results = await runGroups(suiteFolder, groups, fetch, `${scheme}://${route.origin}`)
  await adapter.stop()
  return { results, statuses, responseCount, unsigned, problems: adapter.problems }
}

runFace(task).then((outcome) => parentPort!.postMessage(outcome))
