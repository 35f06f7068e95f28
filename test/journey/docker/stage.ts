import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeBase } from './base-image.ts'
import { type PackageOrigin, startPackageOrigin } from './package-origin.ts'
import { type ServedLarder, serveLarder } from './served-larder.ts'

/** What the base image is called. */
export const base = 'localhost/larder-test/debian:1'

/** Images take their time where others work, too. */
export const patience = { timeout: 20 * 60_000 }

/** An origin, a proxy, and the root folder of a small Debian that came through it. */
export interface Stage {
  readonly origin: PackageOrigin
  readonly larder: ServedLarder
  /** Of the root folder, as tar. */
  readonly archive: string
  readonly folder: string
  stop(): Promise<void>
}

export async function setStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-builds-'))
  const origin = await startPackageOrigin(folder)
  const larder = await serveLarder(folder, origin)
  const stop = async (): Promise<void> => {
    await larder.stop()
    await origin.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return { origin, larder, archive: await makeBase(folder), folder, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
