import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reviewedFiles, reviewedFunctions } from './ranks.ts'
import { functionSizes, readText, sourceFiles } from './source-text.ts'

const fileLimit = 300
const functionLimit = 50

const files = sourceFiles('src').map((path) => ({ path, lines: readText(path).split('\n').length - 1 }))
const functions = files.flatMap(({ path }) =>
  functionSizes(readText(path)).map(({ name, line, lines }) => ({ id: `${path}:${name}`, line, lines })),
)

/** Median, 90th percentile and largest. */
function spread(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return `median ${at(0.5)}, p90 ${at(0.9)}, longest ${at(1)}`
}

describe('Sizes', () => {
  test(`no file of src/ is above ${fileLimit} lines unless a reviewer agreed`, (context) => {
    context.diagnostic(`${files.length} files: ${spread(files.map(({ lines }) => lines))} lines`)
    const long = files.filter(({ path, lines }) => lines > fileLimit && reviewedFiles[path] === undefined)
    assert.deepEqual(long, [])
  })

  test(`no function of src/ is above ${functionLimit} lines unless a reviewer agreed`, (context) => {
    context.diagnostic(`${functions.length} functions: ${spread(functions.map(({ lines }) => lines))} lines`)
    const long = functions.filter(({ id, lines }) => lines > functionLimit && reviewedFunctions[id] === undefined)
    assert.deepEqual(long, [])
  })

  test('what a reviewer agreed to is still above the limit', () => {
    const longFiles = files.filter(({ lines }) => lines > fileLimit).map(({ path }) => path)
    const longFunctions = functions.filter(({ lines }) => lines > functionLimit).map(({ id }) => id)
    assert.deepEqual(
      Object.keys(reviewedFiles).filter((path) => !longFiles.includes(path)),
      [],
    )
    assert.deepEqual(
      Object.keys(reviewedFunctions).filter((id) => !longFunctions.includes(id)),
      [],
    )
  })
})
