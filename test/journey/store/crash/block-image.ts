import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const run = (command: string, ...words: string[]): string =>
  execFileSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })

const mostAttempts = 2_000
const pauseMs = 5

/** A place for a data folder, of which copies can be made while it is written. */
export interface Image {
  /** Where it is mounted. */
  readonly folder: string
  /** Whoever writes to it is halted meanwhile. */
  snapshot(to: string): Promise<void>
  remove(): void
}

/** Can filesystems in files be mounted here? They can as root, where the machine lends loop devices. */
export function hasLoopDevices(): boolean {
  try {
    run('losetup', '--find')
    return true
  } catch {
    return false
  }
}

/** Without loop devices: a plain folder, whose copies are what a killed process leaves, not what a power cut does. */
export class FolderImage implements Image {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
  }

  async snapshot(to: string): Promise<void> {
    run('cp', '-a', this.folder, to)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** An ext4 filesystem in a file, mounted by a loop device. */
export class BlockImage implements Image {
  readonly folder: string
  readonly #file: string
  #device: string | undefined

  private constructor(file: string, folder: string) {
    this.#file = file
    this.folder = folder
  }

  /** A new one. Its journal commits at fsync and every 5 s, as ext4 does on its own. */
  static create(file: string, sizeBytes: number): BlockImage {
    writeFileSync(file, '')
    truncateSync(file, sizeBytes)
    run('mke2fs', '-q', '-F', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', file)
    return BlockImage.mount(file)
  }

  /** Mounts what a file holds; the journal of an ext4 that was cut off is replayed by the kernel. */
  static mount(file: string): BlockImage {
    const image = new BlockImage(file, `${file}.mounted`)
    mkdirSync(image.folder)
    image.#device = run('losetup', '--find', '--show', file).trim()
    try {
      run('mount', '-t', 'ext4', image.#device, image.folder)
    } catch (error) {
      image.#detach()
      throw error
    }
    return image
  }

  /**
   * Copies the device as a power cut would leave it: what the kernel has not written to it is not in the copy. The kernel
   * may write while it is copied; then the copy is of no single moment, and made again.
   */
  async snapshot(to: string): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const before = this.#written()
      if (before !== undefined) {
        run('cp', '--sparse=always', this.#file, to)
        if (this.#written() === before) return
      }
      await pause(pauseMs)
    }
    throw new Error(`${this.#device} is written to without a pause`)
  }

  remove(): void {
    run('umount', this.folder)
    this.#detach()
    rmSync(this.folder, { recursive: true })
    rmSync(this.#file)
  }

  /** How much was written to the device so far; `undefined` while a write is under way (Documentation/block/stat of Linux). */
  #written(): string | undefined {
    const folder = join('/sys/block', basename(this.#device!))
    const [, writing] = readFileSync(join(folder, 'inflight'), 'utf8').trim().split(/\s+/)
    const fields = readFileSync(join(folder, 'stat'), 'utf8').trim().split(/\s+/)
    return writing === '0' ? `${fields[4]} ${fields[6]} ${fields[15]}` : undefined
  }

  #detach(): void {
    if (this.#device !== undefined) run('losetup', '--detach', this.#device)
    this.#device = undefined
  }
}
