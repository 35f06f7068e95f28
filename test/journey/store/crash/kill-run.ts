import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type CrashCheck, checkAfterCrash } from './crash-check.ts'
import { runLoad } from './crash-load.ts'
import { CrashingDaemon } from './crashing-daemon.ts'
import { faults as allFaults, countAt, type Fault, placeOf, tracerOf } from './faults.ts'
import { type MovingOrigin, startMovingOrigin } from './moving-origin.ts'
import { Promises } from './promises.ts'

export interface KillRunInput {
  /** The words that run the program. */
  readonly program: readonly string[]
  /** A folder for everything. */
  readonly folder: string
  readonly count: number
  /** The ways in which daemons are killed, in turn; all that there are. */
  readonly faults?: readonly Fault[]
  readonly say: (text: string) => void
}

export interface KillReport {
  /** By call and place, how often the daemon was killed there. */
  readonly kills: ReadonlyMap<string, number>
  readonly killCount: number
  /** Acknowledged responses that were asked for after a kill. */
  readonly checkedCount: number
  readonly wrong: readonly string[]
}

/** After so many kills a store begins anew, as every check asks for all that was ever acknowledged. */
const roundsPerStore = 12
const requestCount = 400

/** A data folder that lives through many daemons. */
class World {
  readonly promises = new Promises()
  readonly homeFolder: string
  readonly dataFolder: string
  readonly evicts: boolean
  roundCount = 0

  constructor(folder: string, evicts: boolean) {
    this.evicts = evicts
    this.homeFolder = folder
    this.dataFolder = join(folder, 'data')
    mkdirSync(folder)
  }
}

/** Kills daemons again and again, each on what the last one left. */
export class KillRun {
  readonly #input: KillRunInput
  readonly #origin: MovingOrigin
  readonly #worlds = new Map<boolean, World>()
  readonly #kills = new Map<string, number>()
  readonly #wrong: string[] = []
  #number = 0
  #worldCount = 0
  #killCount = 0
  #checkedCount = 0

  private constructor(input: KillRunInput, origin: MovingOrigin) {
    this.#input = input
    this.#origin = origin
  }

  static async run(input: KillRunInput): Promise<KillReport> {
    const origin = await startMovingOrigin()
    try {
      const run = new KillRun(input, origin)
      for (let round = 0; round < input.count && run.#wrong.length === 0; round++) await run.#round(round)
      await Promise.all([...run.#worlds.values()].map((world) => run.#end(world)))
      return { kills: run.#kills, killCount: run.#killCount, checkedCount: run.#checkedCount, wrong: run.#wrong }
    } finally {
      await origin.stop()
    }
  }

  async #round(round: number): Promise<void> {
    const { faults = allFaults } = this.#input
    const fault = faults[round % faults.length]!
    const turn = Math.floor(round / faults.length)
    const world = await this.#worldFor(fault.evicts ?? (round + turn) % 2 === 0)
    world.roundCount += 1
    const count = countAt(fault, turn)
    const traceFile = join(world.homeFolder, `trace-${round}`)
    const tracer = fault.call === undefined ? [] : tracerOf(fault, count, world.dataFolder, traceFile)
    const daemon = this.#start(world, fault.during === 'start' && tracer.length > 0 ? [...tracer, '-D', '-qq'] : [])
    let phase = 'start'
    if (await daemon.ready()) {
      phase = 'check'
      await this.#check(world, daemon)
      if (!daemon.isDead) phase = 'load'
      if (fault.during !== 'start' && tracer.length > 0) await daemon.attach(tracer)
      await this.#load(world, daemon, fault)
    }
    const lived = !daemon.isDead
    if (lived && fault.during === 'stop') phase = 'stop'
    if (lived) daemon.kill(phase === 'stop' ? 'SIGTERM' : 'SIGKILL')
    await daemon.ended
    if (daemon.wasKilled) this.#count(lived && phase !== 'stop' ? undefined : fault, traceFile, world, phase, count)
    else if (phase === 'stop') this.#input.say(`it stopped in order: there was no ${fault.call} number ${count}`)
    else this.#wrong.push(`round ${round}: the daemon ended by itself: ${daemon.said}`)
    rmSync(traceFile, { force: true })
  }

  #count(fault: Fault | undefined, traceFile: string, { dataFolder, evicts }: World, phase: string, at: number): void {
    const call = fault?.call
    const where = call === undefined ? 'a random moment' : `${call} ${placeOf(traceFile, dataFolder)}`
    this.#killCount += 1
    this.#kills.set(where, (this.#kills.get(where) ?? 0) + 1)
    const nth = call === undefined ? '' : `, call ${at} of a thread`
    this.#input.say(`${this.#killCount}: killed at ${where}${nth}, in ${phase}${evicts ? ', evicting' : ''}`)
  }

  async #worldFor(evicts: boolean): Promise<World> {
    const known = this.#worlds.get(evicts)
    if (known !== undefined && known.roundCount < roundsPerStore) return known
    if (known !== undefined) await this.#end(known)
    this.#worldCount += 1
    const world = new World(join(this.#input.folder, `store-${this.#worldCount}`), evicts)
    this.#worlds.set(evicts, world)
    return world
  }

  #start(world: World, tracer: readonly string[]): CrashingDaemon {
    const { program } = this.#input
    const { dataFolder, homeFolder, evicts, promises } = world
    const quota = evicts ? '32MiB' : '10GiB'
    return new CrashingDaemon({
      program,
      tracer,
      dataFolder,
      homeFolder,
      quota,
      logged: (line) => promises.logged(line),
    })
  }

  async #check(world: World, daemon: CrashingDaemon): Promise<void> {
    const check: CrashCheck = { ...world, daemon, originUrl: this.#origin.url }
    const asked = world.promises.stored.size
    try {
      this.#wrong.push(...(await checkAfterCrash(check)))
      this.#checkedCount += asked
    } catch (error) {
      // Killed on the way, as was wished; the next daemon is asked all of it.
      if (!(await daemon.diesSoon())) this.#wrong.push(`the daemon lives, but: ${error}`)
    }
  }

  async #load(world: World, daemon: CrashingDaemon, fault: Fault): Promise<void> {
    const { promises } = world
    const killAt = fault.call === undefined ? randomInt(1, fault.mostCount) : Infinity
    const answered = (count: number): void => {
      if (count === killAt) setTimeout(() => daemon.kill(), randomInt(20))
    }
    const nextNumber = (): number => this.#number++
    const most = fault.during === undefined ? requestCount : requestCount / 8
    const load = { daemon, promises, originUrl: this.#origin.url, requestCount: most, nextNumber, answered }
    this.#wrong.push(...(await runLoad(load)))
  }

  /** The last daemon of a folder is not killed: after a sweep nothing is left that nothing names. */
  async #end(world: World): Promise<void> {
    const daemon = this.#start(world, [])
    if (!(await daemon.ready())) this.#wrong.push(`it does not start: ${daemon.said}`)
    else {
      await this.#check(world, daemon)
      await daemon.admin('POST', '/v1/sweep', {})
      const again = await daemon.admin('POST', '/v1/sweep', { dryRun: true })
      if (again.blobCount !== 0 || again.stagingCount !== 0) this.#wrong.push(`sweep: ${JSON.stringify(again)}`)
    }
    daemon.kill('SIGTERM')
    await daemon.ended
    if (daemon.wasKilled || !existsSync(join(world.dataFolder, 'clean'))) this.#wrong.push('it does not stop in order')
    if (this.#wrong.length === 0) rmSync(world.homeFolder, { recursive: true })
  }
}
