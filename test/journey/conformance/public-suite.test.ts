import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { builtProgramFile } from '../../support/program.ts'
import { exceptions } from './exceptions.ts'
import type { Face } from './face-adapter.ts'
import { failureList, resultTable } from './report.ts'
import { breaches, otherChoices, wrongOnes } from './rule.ts'
import { type FaceReport, type Session, startSession, testAgain, testFace } from './session.ts'
import { type Subject, startLarderSubject } from './subjects.ts'

const top = join(import.meta.dirname, '../../..')
const faces: readonly Face[] = ['plain', 'intercepted']

/**
 * What the suite stores lives for two seconds: on a busy machine, where a hundred of its tests run at once, it may be stale
 * before the suite asks for it. Those tests are made again, few at once; what is wrong is wrong then, too.
 */
const mostRounds = 4

/** Behaviours that keep a face from being good enough, and those in which the faces differ. */
function doubtful(reports: readonly FaceReport[]): ReadonlySet<string> {
  const wrong = reports
    .filter(({ judged }) => breaches(judged, exceptions).length > 0)
    .flatMap(({ judged }) => [...wrongOnes(judged, exceptions), ...otherChoices(judged)])
    .map(({ id }) => id)
  const [first, ...others] = reports.map(({ judged }) => judged)
  const different = first!.filter(({ verdict }, at) => others.some((other) => other[at]!.verdict !== verdict))
  return new Set([...wrong, ...different.map(({ id }) => id)])
}

describe('The public suite of cache behaviours (http-cache-tests), in the standards profile', () => {
  let session: Session
  let larder: Subject
  let reports: readonly FaceReport[] = []

  before(async () => {
    session = await startSession()
    larder = await startLarderSubject(builtProgramFile, session.origin, session.folder)
    reports = await Promise.all(faces.map((face) => testFace(session, larder, face)))
    for (let round = 0; round < mostRounds && doubtful(reports).size > 0; round += 1) {
      const ids = doubtful(reports)
      process.stdout.write(`\nAsked again, on their own: ${[...ids].join(' ')}\n`)
      reports = await Promise.all(reports.map((report) => testAgain(session, larder, report, ids)))
    }
  })
  after(async () => {
    await larder?.server.stop()
    await session?.stop()
  })

  for (const face of faces) {
    test(`${face} requests: what is required holds, and nine of ten optional choices are the better`, () => {
      const { judged, responseCount } = reports.find((report) => report.face === face)!
      const list = failureList(judged, ['required', 'optimal'])
      process.stdout.write(
        `\n${relative(top, builtProgramFile)}, ${face} requests, ${responseCount} responses:\n\n${resultTable(judged)}\n\n${list}\n`,
      )
      assert.deepEqual(breaches(judged, exceptions), [])
    })
  }

  test('both faces are one engine: they pass and fail alike', () => {
    const [plain, intercepted] = faces.map((face) => {
      const { judged } = reports.find((report) => report.face === face)!
      return judged.map(({ id, verdict }) => `${id} ${verdict}`)
    })
    assert.deepEqual(intercepted, plain)
  })
})
