import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { type FtpFaults, startFaultFtp } from '../../fakes/fault-ftp.ts'

/** Sends each command when the reply before it has come; answers all replies. */
async function dialogue(faults: FtpFaults, ...commands: readonly string[]): Promise<string[]> {
  const server = await startFaultFtp(faults)
  const socket = connect(server.port, '127.0.0.1')
  const replies: string[] = []
  const left = [...commands]
  for await (const line of createInterface({ input: socket })) {
    replies.push(line.replace(/\(.*\)/, ''))
    const command = left.shift()
    if (command === undefined) break
    socket.write(`${command}\r\n`)
  }
  socket.destroy()
  await server.idle()
  assert.deepEqual(server.commands, commands.slice(0, replies.length))
  await server.stop()
  return replies
}

test('it serves one file, as a server should', async () => {
  assert.deepEqual(await dialogue({}, 'USER anonymous', 'PASS x', 'TYPE I', 'SIZE /file', 'SIZE /other', 'NOOP'), [
    '220 Ready',
    '331 Any password will do',
    '230 Welcome',
    '200 Image it is',
    '213 5',
    '550 No such file',
    '502 Never heard of it',
  ])
})

test('it replies what it is told to, byte by byte if need be', async () => {
  const replies = { CONNECT: '421 Full', SIZE: '213 9' }
  assert.deepEqual(await dialogue({ replies, dribble: true }, 'SIZE /file'), ['421 Full', '213 9'])
})

test('it sends the content on a data connection, whole or cut', async () => {
  for (const [faults, expected] of [
    [{}, 'hello'],
    [{ sentBytes: 2 }, 'he'],
  ] as const) {
    const server = await startFaultFtp(faults)
    const control = connect(server.port, '127.0.0.1')
    const lines: string[] = []
    let data: Socket | undefined
    let content = ''
    for await (const line of createInterface({ input: control })) {
      lines.push(line.slice(0, 3))
      if (line.startsWith('220')) control.write('EPSV\r\n')
      if (line.startsWith('226')) break
      if (!line.startsWith('229')) continue
      data = connect(Number(/\|(\d+)\|/.exec(line)![1]), '127.0.0.1')
      data.on('data', (bytes) => (content += bytes.toString()))
      data.once('connect', () => control.write('RETR /file\r\n'))
    }
    if (!data!.readableEnded) await new Promise((resolve) => data!.once('end', resolve))
    assert.deepEqual([lines, content], [['220', '229', '150', '226'], expected])
    control.destroy()
    data!.destroy()
    await server.stop()
  }
})
