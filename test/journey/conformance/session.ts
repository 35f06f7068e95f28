import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Face } from './face-adapter.ts'
import { type FaceOutcome, type FaceTask, runFace } from './face-run.ts'
import type { Subject } from './subjects.ts'
import { type BehaviourGroup, loadGroups, type RawResults, type Statuses } from './suite.ts'
import { type SuiteOrigin, startSuiteOrigin, type Tell } from './suite-origin.ts'
import { fetchSuite } from './suite-package.ts'
import { type Judged, judge } from './verdicts.ts'

/** The suite, fetched, and its origin, running. */
export interface Session {
  readonly folder: string
  readonly suiteFolder: string
  readonly groups: readonly BehaviourGroup[]
  readonly origin: SuiteOrigin
  stop(): Promise<void>
}

export async function startSession(tell: Tell = () => {}): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-conformance-'))
  // Squid gives up root and must still reach its own folder.
  chmodSync(folder, 0o711)
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  try {
    const suiteFolder = fetchSuite(folder)
    const groups = await loadGroups(suiteFolder)
    const origin = await startSuiteOrigin(suiteFolder, folder, tell)
    const stop = async (): Promise<void> => {
      await origin.stop()
      remove()
    }
    return { folder, suiteFolder, groups, origin, stop }
  } catch (error) {
    remove()
    throw error
  }
}

export interface FaceReport {
  readonly face: Face
  readonly judged: readonly Judged[]
  readonly responseCount: number
  readonly results: RawResults
  readonly statuses: Statuses
}

/** Runs the suite, or its test `only`, on one face. Throws when a request went past the proxy, or a tunnel was not opened. */
export async function testFace(session: Session, subject: Subject, face: Face, only?: string): Promise<FaceReport> {
  const outcome = await outcomeOf(session, subject, face, only === undefined ? {} : { only: [only], dumps: true })
  const judged = judge(session.groups, outcome, only === undefined)
  return { face, ...outcome, judged: only === undefined ? judged : judged.filter(({ id }) => id === only) }
}

/** Runs the tests `ids`, and what they depend on, once more; what is seen now takes the place of what was seen before. */
export async function testAgain(
  session: Session,
  subject: Subject,
  report: FaceReport,
  ids: ReadonlySet<string>,
): Promise<FaceReport> {
  const only = withDependencies(session.groups, ids)
  const again = await outcomeOf(session, subject, report.face, { only })
  const results = { ...report.results, ...again.results }
  const statuses = { ...report.statuses, ...again.statuses }
  const judged = judge(session.groups, { results, statuses })
  return { ...report, judged, results, statuses, responseCount: report.responseCount + again.responseCount }
}

function withDependencies(groups: readonly BehaviourGroup[], ids: ReadonlySet<string>): readonly string[] {
  const all = new Set(ids)
  const behaviours = new Map(groups.flatMap(({ tests }) => tests.map((test) => [test.id, test])))
  // A set goes on to what is added meanwhile.
  for (const id of all) for (const other of behaviours.get(id)?.depends_on ?? []) all.add(other)
  return [...all]
}

type Limits = Pick<FaceTask, 'only' | 'dumps'>

async function outcomeOf(session: Session, subject: Subject, face: Face, limits: Limits): Promise<FaceOutcome> {
  const { suiteFolder, origin } = session
  const route = {
    face,
    proxyPort: subject.server.port,
    origin: face === 'plain' ? origin.plain : origin.secure,
    proxyCa: subject.ca,
  }
  const outcome = await runFace({ suiteFolder, route, sign: subject.sign, ...limits })
  const wrong = [
    ...new Set(outcome.problems),
    ...outcome.unsigned.map((what) => `not signed by ${subject.name}: ${what}`),
  ]
  if (wrong.length > 0) throw new Error(`${subject.name}, ${face} face:\n${wrong.slice(0, 20).join('\n')}`)
  return outcome
}
