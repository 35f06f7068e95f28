import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface BlackHole {
  stop(): Promise<void>
}

/** Listens and never accepts, with a backlog that is full: who connects gets no answer. In a process of its own, as a server of Node accepts by itself. */
const program = `
const { writeSync } = require('node:fs')
const { createServer, connect } = require('node:net')
const [host, port] = process.argv.slice(1)
createServer().listen({ host, port: Number(port), backlog: 1 }, () => {
  for (let i = 0; i < 4; i += 1) connect(Number(port), host)
  // They are on their way when this is called, and nothing was accepted.
  process.nextTick(() => process.nextTick(() => {
    writeSync(1, 'full')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }))
})
`

export async function startBlackHole(host: string, port: number): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', program, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), gone])
  return {
    stop: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}
