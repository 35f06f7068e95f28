import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { extname, join, resolve } from 'node:path'
import type { Environment } from '../config/environment.ts'
import { foldersOf } from '../config/folders.ts'
import type { Command, CommandContext } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { type ServicePlan, serviceUnit, socketUnits, unitFiles } from './service-units.ts'

export interface ServiceChoices {
  readonly scope: ServicePlan['scope']
  readonly dryRun: boolean
  /** The root of another system; `undefined` is this one. */
  readonly root: string | undefined
}

const origin = 'Written by larder service install; larder service uninstall removes it.'
const packagedConfig = '/etc/larder/larder.yaml'
/** What a service of the system does not see (ProtectHome, PrivateTmp). */
const hidden = /^\/(?:home|root|run\/user|tmp|var\/tmp)\//

/** `larder service install`: writes the units and starts the sockets; what is so already is left alone. */
export const installService: Command<[choices: ServiceChoices, makesCa: boolean]> = (context, choices, makesCa) => {
  const step = stepper(context, choices)
  const folder = unitFolder(choices, context.environment)
  const files = unitFiles(planOf(context, choices, makesCa))
  for (const { name } of files) refuseForeign(join(folder, name))
  const changed = files.filter(({ name, text }) => readText(join(folder, name)) !== text)
  for (const { name, text } of changed) {
    step(`write ${join(folder, name)}`, () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, name), text, { mode: 0o644 })
    })
  }
  if (changed.length === 0) context.terminal.print(`unchanged: the units in ${folder}\n`)
  const { call, isRunning } = systemctl(step, choices)
  if (isRunning && changed.length > 0) call('daemon-reload')
  call('enable', ...(isRunning ? ['--now'] : []), ...socketUnits)
  if (isRunning && changed.length > 0) call('try-restart', serviceUnit)
  tellNext(context, choices, makesCa)
  return exitCodes.done
}

/** `larder service uninstall`: takes back what `install` did. What the daemon stored stays. */
export const uninstallService: Command<[choices: ServiceChoices]> = (context, choices) => {
  const step = stepper(context, choices)
  const folder = unitFolder(choices, context.environment)
  const found = [...socketUnits, serviceUnit].filter((name) => existsSync(join(folder, name)))
  for (const name of found) refuseForeign(join(folder, name))
  if (found.length === 0) {
    context.terminal.print(`nothing to do: there is no unit of Larder in ${folder}\n`)
    return exitCodes.done
  }
  const { call, isRunning } = systemctl(step, choices)
  call('disable', ...(isRunning ? ['--now'] : []), ...found)
  for (const name of found) step(`remove ${join(folder, name)}`, () => rmSync(join(folder, name)))
  if (!choices.dryRun) for (const empty of [join(folder, 'sockets.target.wants'), folder]) removeIfEmpty(empty)
  if (isRunning) call('daemon-reload')
  return exitCodes.done
}

function planOf({ flags }: CommandContext, { scope, root }: ServiceChoices, makesCa: boolean): ServicePlan {
  const given = flags.config?.at(-1)
  const isThere = scope === 'system' && existsSync(join(root ?? '/', packagedConfig))
  const plan: ServicePlan = {
    scope,
    origin,
    node: realpathSync(process.execPath),
    program: realpathSync(join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`)),
    configFile: given === undefined ? (isThere ? packagedConfig : undefined) : resolve(given),
    makesCa,
  }
  if (root === undefined) for (const path of [plan.node, plan.program]) checkReach(path, scope)
  return plan
}

function checkReach(path: string, scope: ServicePlan['scope']): void {
  if (path.includes('/_npx/')) {
    throw new CommandFailure(
      exitCodes.configuration,
      `${path} lies in a cache of npx, which npm empties`,
      'Install Larder first: npm install --global larder-proxy.',
    )
  }
  if (scope === 'user' || !hidden.test(path)) return
  const remedy = 'Install it where all may read, such as /usr/local or /opt, or install the service with --user.'
  throw new CommandFailure(exitCodes.configuration, `a service of the system does not see ${path}`, remedy)
}

function unitFolder({ scope, root = '/' }: ServiceChoices, environment: Environment): string {
  if (scope === 'system') return join(root, 'etc/systemd/system')
  return join(foldersOf(environment).XDG_CONFIG_HOME, 'systemd/user')
}

function refuseForeign(path: string): void {
  const text = readText(path)
  if (text === undefined || text.startsWith(`# ${origin}\n`)) return
  const remedy = 'Remove or rename it, or override single lines of it with systemctl edit.'
  throw new CommandFailure(exitCodes.configuration, `${path} was not written by larder service install`, remedy)
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Others have units there.
  }
}

type Step = (what: string, act: () => void) => void

/** Says each change, and makes it unless it is to be said only. */
function stepper({ terminal }: CommandContext, { dryRun }: ServiceChoices): Step {
  return (what, act) => {
    terminal.print(`${dryRun ? 'would ' : ''}${what}\n`)
    if (!dryRun) act()
  }
}

interface Systemctl {
  /** A manager runs that can be told. */
  readonly isRunning: boolean
  call(...words: string[]): void
}

function systemctl(step: Step, { scope, root }: ServiceChoices): Systemctl {
  const where = root === undefined ? [] : [`--root=${root}`]
  const isRunning = root === undefined && (scope === 'user' || existsSync('/run/systemd/system'))
  const call = (...words: string[]): void => {
    const all = [...(scope === 'user' ? ['--user'] : []), ...where, ...words]
    step(`run systemctl ${all.join(' ')}`, () => {
      const { status, stderr, error } = spawnSync('systemctl', all, { encoding: 'utf8' })
      if (error === undefined && status === 0) return
      const message = `systemctl ${all.join(' ')}: ${error?.message ?? stderr.trim()}`
      const remedy = 'Is systemd the service manager here? larder service uninstall takes back what was done so far.'
      throw new CommandFailure(exitCodes.failed, message, remedy)
    })
  }
  return { isRunning, call }
}

function tellNext({ terminal }: CommandContext, { scope, root }: ServiceChoices, makesCa: boolean): void {
  if (!makesCa) terminal.note('larder: https passes through unread and uncached without a CA; --ca makes one')
  if (scope === 'user') {
    const { username } = userInfo()
    if (!existsSync(`/var/lib/systemd/linger/${username}`))
      terminal.note(`larder: it ends with your last session; to keep it: loginctl enable-linger ${username}`)
    terminal.note('larder: for a shell: eval "$(larder env)"')
  } else if (root === undefined) {
    terminal.note('larder: for a shell, as root: eval "$(LARDER_ADMIN=unix:/run/larder/admin.sock larder env)"')
  }
}
