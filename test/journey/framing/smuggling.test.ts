import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Face, type Stage, startStage } from './faces.ts'
import type { SeenRequest } from './raw-origin.ts'
import type { Row } from './row.ts'
import { chunkRows } from './rows-of-chunks.ts'
import { lengthRows } from './rows-of-lengths.ts'
import { lineRows } from './rows-of-lines.ts'
import { meaningRows } from './rows-of-meaning.ts'
import { pipelineRows } from './rows-of-pipelines.ts'

const rows = [...lengthRows, ...chunkRows, ...lineRows, ...meaningRows, ...pipelineRows]
const faceNames = ['proxy port', 'tunnel with TLS', 'tunnel without TLS'] as const

function staysOpen({ answers, closes }: Row): boolean {
  return closes === undefined && answers.every((status) => status < 400)
}

/** Sends the row, and behind it an ordinary request: on the same connection while that is open, else on a new one. */
async function play(face: Face, row: Row): Promise<readonly number[]> {
  const talk = await face.open()
  const bytes = row.bytes(face)
  talk.write(bytes)
  const sentinel = `GET ${face.target(`/after-${row.id}`)} HTTP/1.1\r\nHost: ${face.host}\r\nConnection: close\r\n\r\n`
  const stays = staysOpen(row)
  const methods = [bytes.startsWith('HEAD ') ? 'HEAD' : 'GET']
  const answers = await talk.responses(row.answers.length, methods)
  if (stays) talk.write(sentinel)
  const all = stays ? await talk.responses(row.answers.length + 1, methods) : answers
  await talk.closed()
  if (!stays) await ordinary(face, sentinel)
  return all.map(({ status }) => status)
}

async function ordinary(face: Face, sentinel: string): Promise<void> {
  const talk = await face.open()
  talk.write(sentinel)
  assert.equal((await talk.responses(1))[0]!.status, 200)
  await talk.closed()
}

/** Fields that concern one connection only, and must not have come through. */
const notForwarded = new Set(['te', 'trailer', 'expect', 'upgrade', 'keep-alive', 'proxy-connection', 'http2-settings'])

function summary({ method, target, body }: SeenRequest): object {
  return { method, target, body }
}

for (const faceName of faceNames) {
  describe(`On the ${faceName}`, () => {
    let stage: Stage
    let face: Face

    before(async () => {
      stage = await startStage()
      face = stage.faces.find(({ name }) => name === faceName)!
    })

    after(() => stage.stop())

    for (const row of rows) {
      if (row.on !== undefined && !faceName.startsWith(row.on)) continue
      test(`${row.title} (${row.why})`, { timeout: 120_000 }, async () => {
        const { origin } = face
        const [seenBefore, oddBefore] = [origin.requests.length, origin.oddities.length]
        assert.deepEqual(await play(face, row), [...row.answers, ...(staysOpen(row) ? [200] : [])])
        assert.deepEqual(origin.oddities.slice(oddBefore), [])
        const seen = origin.requests.slice(seenBefore)
        assert.deepEqual(seen.map(summary), [
          ...row.seen.map((expected) => ({ body: '', ...expected })),
          { method: 'GET', target: `/after-${row.id}`, body: '' },
        ])
        for (const { fields } of seen) {
          assert.deepEqual(
            fields.filter(([name, value]) => name === 'host' && value !== face.host),
            [],
          )
          assert.deepEqual(
            fields.filter(([name]) => notForwarded.has(name)),
            [],
          )
        }
      })
    }
  })
}
