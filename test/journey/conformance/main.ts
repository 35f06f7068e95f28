import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Choices, readChoices } from './choices.ts'
import { exceptions } from './exceptions.ts'
import { peers } from './peers.ts'
import { comparisonTable, failureList, resultTable } from './report.ts'
import { breaches } from './rule.ts'
import { type FaceReport, type Session, startSession, testFace } from './session.ts'
import { type Subject, startLarderSubject } from './subjects.ts'

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Runs one proxy on the faces it has, at the same time. */
async function testSubject(session: Session, subject: Subject, { faces, id, list }: Choices) {
  try {
    const has = faces.filter((face) => face === 'plain' || subject.ca !== undefined)
    const reports = await Promise.all(has.map((face) => testFace(session, subject, face, id)))
    for (const { face, judged, responseCount } of reports) {
      if (list !== undefined) writeFileSync(`${list}-${subject.name}-${face}.txt`, failureList(judged))
      say(`\n${subject.name}, ${face} face, ${responseCount} responses\n\n${resultTable(judged)}\n`)
      if (subject.name === 'larder' || id !== undefined) say(failureList(judged))
    }
    return reports.map((report) => ({ ...report, subject: subject.name }))
  } finally {
    await subject.server.stop()
  }
}

/** What is wrong with Larder; a single test is only shown. */
function wrongWith(reports: readonly (FaceReport & { readonly subject: string })[], { id }: Choices): string[] {
  const own = id === undefined ? reports.filter(({ subject }) => subject === 'larder') : []
  return own.flatMap(({ face, judged }) => breaches(judged, exceptions).map((breach) => `${face}: ${breach}`))
}

async function run(choices: Choices): Promise<readonly string[]> {
  const session = await startSession(choices.id === undefined ? undefined : say)
  const { origin, folder } = session
  try {
    if (choices.id !== undefined && !session.groups.some(({ tests }) => tests.some(({ id }) => id === choices.id))) {
      throw new Error(`--id ${choices.id}: the suite has no such test`)
    }
    const { larder } = choices
    const starts = [
      ...(larder === undefined
        ? []
        : [() => startLarderSubject(larder, origin, folder, choices.id === undefined ? 'none' : '-')]),
      ...choices.peers.map((name) => () => peers[name](origin, folder)),
    ]
    const reports = []
    for (const start of starts) reports.push(...(await testSubject(session, await start(), choices)))
    if (choices.peers.length > 0) say(`\n${comparisonTable(reports)}\n`)
    if (choices.id !== undefined && larder !== undefined) say(readFileSync(join(folder, 'larder.out'), 'utf8'))
    return wrongWith(reports, choices)
  } finally {
    await session.stop()
  }
}

try {
  const wrong = await run(readChoices(process.argv.slice(2)))
  for (const breach of wrong) process.stderr.write(`conformance: ${breach}\n`)
  process.exitCode = wrong.length === 0 ? 0 : 1
} catch (error) {
  process.stderr.write(`conformance: ${(error as Error).message}\n`)
  process.exitCode = 2
}
