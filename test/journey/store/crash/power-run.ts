import { randomInt } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BlockImage, FolderImage, hasLoopDevices, type Image } from './block-image.ts'
import { checkAfterCrash } from './crash-check.ts'
import { runLoad } from './crash-load.ts'
import { CrashingDaemon } from './crashing-daemon.ts'
import { type MovingOrigin, startMovingOrigin } from './moving-origin.ts'
import { Promises } from './promises.ts'

export interface PowerRunInput {
  readonly program: readonly string[]
  readonly folder: string
  /** How many snapshots, half of them of a store that evicts. */
  readonly count: number
  readonly say: (text: string) => void
}

export interface PowerReport {
  readonly cutCount: number
  /** False: there are no loop devices, and what was looked at is what killed processes leave. */
  readonly onDevice: boolean
  readonly checkedCount: number
  readonly wrong: readonly string[]
}

interface Snapshot {
  readonly file: string
  /** What had been acknowledged by then. */
  readonly promises: Promises
}

const imageBytes = 320 * 1024 * 1024
/** More would not fit a store that keeps everything. */
const snapshotsPerStore = 3
const mostBetween = 60
/** After so many requests the smaller store is full. */
const fillingCount = 250
const listenMs = 20

/** Takes snapshots of the device under a store that is loaded, and starts a daemon on each. */
export async function runPowerCuts(input: PowerRunInput): Promise<PowerReport> {
  const origin = await startMovingOrigin()
  const wrong: string[] = []
  let [cutCount, checkedCount] = [0, 0]
  try {
    for (let store = 0; cutCount < input.count && wrong.length === 0; store++) {
      const cuts = new PowerCuts(input, origin, store % 2 === 0)
      const count = Math.min(snapshotsPerStore, input.count - cutCount)
      for (const snapshot of await cuts.take(join(input.folder, `image-${store}`), count)) {
        const { stored } = snapshot.promises
        const promisedCount = stored.size
        checkedCount += promisedCount
        cutCount += 1
        const found = await cuts.look(snapshot)
        wrong.push(...found)
        const text = found.length === 0 ? 'nothing wrong' : found.join('\n  ')
        // What was not there any more was taken off the promises.
        input.say(`${cutCount}: ${promisedCount} acknowledged, ${promisedCount - stored.size} evicted: ${text}`)
      }
    }
  } finally {
    await origin.stop()
  }
  return { onDevice: hasLoopDevices(), cutCount, checkedCount, wrong }
}

class PowerCuts {
  readonly evicts: boolean
  readonly #input: PowerRunInput
  readonly #origin: MovingOrigin
  #number = 0

  constructor(input: PowerRunInput, origin: MovingOrigin, evicts: boolean) {
    this.#input = input
    this.#origin = origin
    this.evicts = evicts
  }

  /** Snapshots of one daemon's store, between which it is loaded. */
  async take(file: string, count: number): Promise<Snapshot[]> {
    const image = hasLoopDevices() ? BlockImage.create(file, imageBytes) : new FolderImage(file)
    const promises = new Promises()
    const daemon = this.#start(image.folder, promises)
    const snapshots: Snapshot[] = []
    try {
      if (!(await daemon.ready())) throw new Error(`it does not start: ${daemon.said}`)
      if (this.evicts) await this.#load(daemon, promises, fillingCount)
      for (let number = 0; number < count; number++) {
        const snapshot = { file: `${file}-${number}`, promises }
        snapshots.push({ ...snapshot, promises: await this.#cut(daemon, image, snapshot) })
      }
      return snapshots
    } finally {
      daemon.kill()
      await daemon.ended
      image.remove()
    }
  }

  /** In the middle of the load the daemon is halted, and what it had said until then is what it promised. */
  async #cut(daemon: CrashingDaemon, image: Image, { file, promises }: Snapshot): Promise<Promises> {
    const halted = Promise.withResolvers<void>()
    const cutAt = randomInt(20, mostBetween)
    const answered = (count: number): void => {
      if (count !== cutAt) return
      daemon.kill('SIGSTOP')
      halted.resolve()
    }
    const load = this.#load(daemon, promises, cutAt + mostBetween / 2, answered)
    await halted.promise
    // What is still in its pipe then was promised as well, but not asked for.
    await pause(listenMs)
    const promised = promises.copy()
    await image.snapshot(file)
    daemon.kill('SIGCONT')
    const wrong = await load
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
    return promised
  }

  #load(
    daemon: CrashingDaemon,
    promises: Promises,
    requestCount: number,
    answered = (_: number): void => {},
  ): Promise<string[]> {
    const nextNumber = (): number => this.#number++
    return runLoad({ daemon, promises, originUrl: this.#origin.url, requestCount, nextNumber, answered })
  }

  async look({ file, promises }: Snapshot): Promise<string[]> {
    const image = statSync(file).isDirectory() ? new FolderImage(file) : BlockImage.mount(file)
    const daemon = this.#start(image.folder, promises.copy())
    try {
      if (!(await daemon.ready())) return [`it does not start: ${daemon.said}`]
      const dataFolder = join(image.folder, 'data')
      return await checkAfterCrash({ daemon, dataFolder, originUrl: this.#origin.url, promises, evicts: this.evicts })
    } finally {
      daemon.kill()
      await daemon.ended
      image.remove()
      rmSync(file, { force: true })
    }
  }

  #start(folder: string, promises: Promises): CrashingDaemon {
    return new CrashingDaemon({
      program: this.#input.program,
      dataFolder: join(folder, 'data'),
      homeFolder: `${folder}.home`,
      quota: this.evicts ? '32MiB' : '10GiB',
      logged: (exchange) => promises.logged(exchange),
    })
  }
}
