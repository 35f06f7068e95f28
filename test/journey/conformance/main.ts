import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Face } from './face-adapter.ts'
import { failureList, resultTable } from './report.ts'
import { startSession, testFace } from './session.ts'
import { startLarderSubject } from './subjects.ts'

const { values } = parseArgs({
  options: {
    face: { type: 'string', default: 'both' },
    id: { type: 'string' },
    peers: { type: 'string', default: 'none' },
    larder: { type: 'string', default: join(import.meta.dirname, '../../../src/main.ts') },
    list: { type: 'string' },
  },
})
const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}
const faces: readonly Face[] = values.face === 'both' ? ['plain', 'intercepted'] : [values.face as Face]

const session = await startSession(values.id === undefined ? undefined : say)
try {
  const larder = await startLarderSubject(values.larder, session.origin, session.folder)
  try {
    const reports = await Promise.all(faces.map((face) => testFace(session, larder, face, values.id)))
    for (const { face, judged, responseCount } of reports) {
      if (values.list !== undefined) writeFileSync(`${values.list}-${face}.txt`, failureList(judged))
      say(`\n${larder.name}, ${face} face (${responseCount} responses)\n\n${resultTable(judged)}\n`)
      say(failureList(judged))
    }
  } finally {
    await larder.server.stop()
  }
} finally {
  await session.stop()
}
