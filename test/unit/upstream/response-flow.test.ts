import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'

function createFlow() {
  const calls: string[] = []
  const source = {
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    abort: () => void calls.push('abort'),
  }
  const head = { fields: [], framing: 'close', declaredBytes: undefined } as const
  return { calls, flow: new ResponseFlow(200, head, 1, 2, source) }
}

function createSink(answers: boolean[] = []) {
  const heard: string[] = []
  return {
    heard,
    chunk: (bytes: Buffer) => {
      heard.push(bytes.toString())
      return answers.shift() ?? true
    },
    end: (trailers: readonly string[]) => void heard.push(`end ${trailers.join('=')}`),
    fail: (fault: Fault) => void heard.push(`fail ${fault.code}`),
  }
}

test('what arrives before a sink is there is kept, the end included', () => {
  const { flow, calls } = createFlow()
  flow.take(Buffer.from('a'))
  flow.take(Buffer.from('b'))
  flow.finish(['X', '1'])
  const sink = createSink()
  flow.consume(sink)
  assert.deepEqual(sink.heard, ['a', 'b', 'end X=1'])
  assert.deepEqual(calls, [])
})

test('the origin is paused when much arrives before a sink is there', () => {
  const { flow, calls } = createFlow()
  flow.take(Buffer.alloc(65_536))
  flow.take(Buffer.alloc(1))
  assert.deepEqual(calls, ['pause'])
  flow.consume(createSink())
  assert.deepEqual(calls, ['pause', 'resume'])
})

test('a full sink gets nothing until it has room, even when more arrives', () => {
  const { flow, calls } = createFlow()
  const sink = createSink([false, false])
  flow.consume(sink)
  flow.take(Buffer.from('a'))
  flow.take(Buffer.from('b'))
  flow.take(Buffer.from('c'))
  assert.deepEqual(sink.heard, ['a'])
  flow.resume()
  assert.deepEqual(sink.heard, ['a', 'b'])
  flow.resume()
  assert.deepEqual(sink.heard, ['a', 'b', 'c'])
  assert.deepEqual(calls, ['pause', 'resume'])
})

test('the end waits for what the full sink has not got', () => {
  const { flow } = createFlow()
  const sink = createSink([false])
  flow.consume(sink)
  flow.take(Buffer.from('a'))
  flow.take(Buffer.from('b'))
  flow.finish([])
  assert.deepEqual(sink.heard, ['a'])
  flow.resume()
  assert.deepEqual(sink.heard, ['a', 'b', 'end '])
})

test('a failure does not wait for room', () => {
  const { flow } = createFlow()
  const sink = createSink([false])
  flow.consume(sink)
  flow.take(Buffer.from('a'))
  flow.take(Buffer.from('b'))
  flow.break(new Fault('ORIGIN_TRUNCATED', 'cut'))
  flow.resume()
  assert.deepEqual(sink.heard, ['a', 'fail ORIGIN_TRUNCATED'])
})

test('after cancel the sink hears nothing, and the connection is closed once', () => {
  const { flow, calls } = createFlow()
  const sink = createSink()
  flow.consume(sink)
  flow.cancel()
  flow.cancel()
  flow.take(Buffer.from('a'))
  flow.finish([])
  flow.break(new Fault('ORIGIN_TRUNCATED', 'cut'))
  assert.deepEqual(sink.heard, [])
  assert.deepEqual(calls, ['abort'])
})

test('a sink may cancel while it is given a chunk', () => {
  const { flow } = createFlow()
  flow.take(Buffer.from('a'))
  flow.take(Buffer.from('b'))
  const sink = createSink()
  const heard: string[] = []
  const chunk = (bytes: Buffer): boolean => {
    heard.push(bytes.toString())
    flow.cancel()
    return true
  }
  flow.consume({ ...sink, chunk })
  assert.deepEqual(heard, ['a'])
})
