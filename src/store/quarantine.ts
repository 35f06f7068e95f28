import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../base/digest.ts'
import type { BlobDamage } from '../base/events.ts'
import type { Layout } from './layout.ts'

export interface DamageReport {
  readonly digest: Digest
  readonly damage: BlobDamage
  readonly detail: string
}

export interface QuarantineLimits {
  readonly maxCount: number
  readonly maxBytes: number
  /** Nothing is kept for longer, in milliseconds. */
  readonly maxAgeMs?: number
}

const usualAgeMs = 30 * 24 * 3_600_000
const defaultLimits: QuarantineLimits = { maxCount: 100, maxBytes: 256 * 1024 * 1024 }
const privateFile = 0o600
const namePattern = /^[0-9a-f]{64}\.[0-9a-f]{16}$/

/**
 * Sets damaged blobs aside, so that people can look at them and nobody is served from them. What is there longest goes when it
 * is too much. Its calls never reject: what cannot be set aside is removed.
 */
export class Quarantine {
  readonly #folder: string
  readonly #report: (report: DamageReport) => void
  readonly #limits: QuarantineLimits
  #onTaken: (digest: Digest) => void = () => {}
  /** Under way; one after another. */
  #last: Promise<void> = Promise.resolve()

  constructor(layout: Layout, report: (report: DamageReport) => void = () => {}, limits = defaultLimits) {
    this.#folder = layout.quarantine
    this.#report = report
    this.#limits = limits
  }

  /** Called with each blob whose place is empty now. */
  onTaken(listener: (digest: Digest) => void): void {
    this.#onTaken = listener
  }

  /** The caller has removed the content of a blob that is damaged. */
  taken(digest: Digest): void {
    this.#onTaken(digest)
  }

  /** Takes the file at `path` away, if it still has this `inode`. */
  file(path: string, report: DamageReport, inode?: bigint): Promise<void> {
    this.#report(report)
    return this.#inTurn(async () => {
      if (inode !== undefined && (await lstat(path, { bigint: true })).ino !== inode) return
      await rename(path, this.#place(report.digest)).catch(() => unlink(path))
      this.#onTaken(report.digest)
      await this.#trim()
    })
  }

  /** Keeps content that the caller removes. */
  content(bytes: Uint8Array, report: DamageReport): Promise<void> {
    this.#report(report)
    return this.#inTurn(async () => {
      await writeFile(this.#place(report.digest), bytes, { mode: privateFile, flag: 'wx' })
      await this.#trim()
    })
  }

  #place(digest: Digest): string {
    return join(this.#folder, `${digest}.${randomBytes(8).toString('hex')}`)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(() => undefined)
    return this.#last
  }

  /** Removes what is there for too long; answers how many files. A trial only counts them. */
  async sweep(nowMs: number, isTrial = false): Promise<number> {
    let count = 0
    await this.#inTurn(async () => {
      const before = nowMs - (this.#limits.maxAgeMs ?? usualAgeMs)
      for (const { path, ctimeMs } of await this.#files()) {
        if (ctimeMs >= before) continue
        if (!isTrial) await unlink(path)
        count += 1
      }
    })
    return count
  }

  async #files(): Promise<readonly { readonly path: string; readonly size: number; readonly ctimeMs: number }[]> {
    const names = (await readdir(this.#folder)).filter((name) => namePattern.test(name))
    return Promise.all(
      names.map(async (name) => {
        const { size, ctimeMs } = await lstat(join(this.#folder, name))
        return { path: join(this.#folder, name), size, ctimeMs }
      }),
    )
  }

  async #trim(): Promise<void> {
    const files = await this.#files()
    let count = 0
    let bytes = 0
    for (const { path, size } of files.toSorted((a, b) => b.ctimeMs - a.ctimeMs)) {
      count += 1
      bytes += size
      if (count > this.#limits.maxCount || bytes > this.#limits.maxBytes) await unlink(path)
    }
  }
}
