import assert from 'node:assert/strict'
import { chmodSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { systemClock, systemTimers } from '../../../src/base/clock.ts'
import { Fault } from '../../../src/base/faults.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { createResumingFetcher } from '../../../src/upstream/resuming-fetcher.ts'
import { createRetryingFetcher } from '../../../src/upstream/retrying-fetcher.ts'
import { type FtpMiddle, startFtpMiddle } from '../../fakes/ftp-middle.ts'
import type { FtpDaemon } from '../../support/ftp-daemon.ts'
import { ftpFetcher, get, type Received, targetOf } from '../../support/origin-fetching.ts'
import { startProftpd } from '../../support/proftpd.ts'
import { startVsftpd } from '../../support/vsftpd.ts'

const content = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `line ${i}\r\n`).join(''))
const half = content.length >> 1

function put(server: FtpDaemon, bytes: Buffer, time: string): void {
  const file = join(server.root, 'file')
  writeFileSync(file, bytes)
  chmodSync(file, 0o644)
  utimesSync(file, new Date(time), new Date(time))
}

for (const [name, start] of Object.entries({ vsftpd: startVsftpd, proftpd: startProftpd })) {
  describe(`A transfer from ${name}`, () => {
    let server: FtpDaemon
    let middle: FtpMiddle
    let once: OriginFetcher
    let stubborn: OriginFetcher

    before(async () => {
      server = await start()
    })

    after(() => server?.stop())

    beforeEach(async () => {
      put(server, content, '2026-01-02T03:04:05Z')
      middle = await startFtpMiddle(server.port)
      once = ftpFetcher()
      const timers = systemTimers
      const retries = { maxAttemptCount: 5, budgetShare: 1, observer: () => {} }
      const options = { ...retries, clock: systemClock, timers, random: () => 0 }
      stubborn = createResumingFetcher(createRetryingFetcher(once, options))
    })

    afterEach(async () => {
      await stubborn.close()
      await middle.stop()
    })

    /** What came, be it that the fault came before the head. */
    const fetched = async (fetcher: OriginFetcher): Promise<Pick<Received, 'content' | 'fault'>> => {
      try {
        return await get(fetcher, targetOf('ftp', middle.port, '/file'))
      } catch (fault) {
        assert.ok(fault instanceof Fault)
        return { content: Buffer.alloc(0), fault }
      }
    }

    for (const cut of ['fin', 'reset'] as const) {
      test(`is no whole one when its data connection is cut (${cut})`, async () => {
        middle.faults.cut = cut
        middle.faults.cutsAfterBytes = [half]
        const { fault, ...received } = await fetched(once)
        assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
        assert.ok(received.content.length <= half)
      })

      test(`goes on by REST when its data connection is cut (${cut}), again and again`, async () => {
        middle.faults.cut = cut
        middle.faults.cutsAfterBytes = [half, 1_000, 70_000]
        const { fault, ...received } = await fetched(stubborn)
        assert.equal(fault, undefined)
        assert.ok(received.content.equals(content))
        assert.equal(middle.commands.filter((line) => line.startsWith('REST ')).length, 3)
        assert.ok(middle.contentBytes < content.length + half, `${middle.contentBytes} bytes passed`)
      })
    }

    test('is no whole one without 226', async () => {
      middle.faults.withholds226 = true
      const impatient = ftpFetcher({ idleTimeoutMs: 3_000 })
      const { fault, ...received } = await fetched(impatient)
      await impatient.close()
      assert.ok(fault !== undefined)
      assert.ok(['ORIGIN_READ_TIMEOUT', 'ORIGIN_TRUNCATED'].includes(fault.code), fault.code)
      assert.ok(received.content.length < content.length)
    })

    for (const sizeError of [1, -1]) {
      test(`is no whole one when SIZE is wrong by ${sizeError}`, async () => {
        middle.faults.sizeError = sizeError
        const { fault, ...received } = await fetched(once)
        assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
        assert.ok(received.content.length < content.length + sizeError)
      })
    }

    test('breaks visibly when the file has changed since, be its length the same', async () => {
      const other = Buffer.from(content.toString().replaceAll('line', 'LINE'))
      middle.faults.cutsAfterBytes = [half]
      middle.onCut = () => put(server, other, '2026-01-02T03:04:06Z')
      const { fault, ...received } = await fetched(stubborn)
      assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
      assert.ok(content.subarray(0, half).subarray(0, received.content.length).equals(received.content))
    })
  })
}
