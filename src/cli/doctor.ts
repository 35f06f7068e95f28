import { accessSync, constants, statfsSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { systemClock } from '../base/clock.ts'
import { asFault } from '../base/faults.ts'
import { loadSuccession } from '../ca/succession.ts'
import type { Environment } from '../config/environment.ts'
import type { Settings } from '../config/settings.ts'
import { toolNamed } from '../ecosystem/client-hint.ts'
import { generalFix, type TrustFiles } from '../ecosystem/client-tools.ts'
import type { Refusal } from '../server/trust-refusals.ts'
import { AdminClient, type DaemonStatus } from './admin-client.ts'
import { clientFolder, prepareClients } from './client-files.ts'
import { type Command, settingsOf } from './command.ts'
import { proxyUrlOf } from './env.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { roughSize } from './figures.ts'
import { installedTools, toolTrust } from './tool-trust.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly about: 'CA' | 'clock' | 'daemon' | 'reach' | 'storage' | 'trust' | 'refusal'
  /** `note`: it may well be meant so. */
  readonly state: 'ok' | 'note' | 'bad'
  readonly text: string
  readonly fix?: string
}

const dayMs = 24 * 3_600_000
const warnDays = 30
const littleSpaceBytes = 1024 ** 3
const reachTimeoutMs = 5_000

/** `larder doctor`: looks at CA, clock, daemon, reach, storage and trust, and names who refused our certificate with the fix. */
export const doctor: Command = async (context) => {
  const { environment, terminal, json } = context
  const { settings } = settingsOf(context)
  const findings = await examine(settings, environment)
  if (json) terminal.printJson(findings)
  else for (const finding of findings) terminal.print(findingText(finding))
  return findings.some(({ state }) => state === 'bad') ? exitCodes.failed : exitCodes.done
}

async function examine(settings: Settings, environment: Environment): Promise<Finding[]> {
  const { findings, caPem } = authorityFindings(settings)
  const client = new AdminClient(settings)
  const found = await daemonFindings(client)
  findings.push(...found.findings)
  findings.push(...storageFindings(settings, found.status))
  const proxyUrl = found.status && proxyUrlOf(found.status)
  if (proxyUrl !== undefined) findings.push(await reachFinding(proxyUrl, found.caPem))
  const pem = found.caPem ?? caPem
  if (pem === undefined) return findings
  const folder = clientFolder(environment)
  const plan = { proxyUrl: proxyUrl ?? 'http://127.0.0.1:3128', caPem: pem, folder, environment }
  const { java } = await prepareClients(plan)
  const files: TrustFiles = {
    bundle: join(folder, 'bundle.pem'),
    ca: join(folder, 'ca.pem'),
    javaStore: java.kind === 'store' ? java : undefined,
  }
  findings.push(...trustFindings(pem, environment, files))
  for (const refusal of found.refusals) findings.push(refusalFinding(refusal, files))
  return findings
}

function authorityFindings(settings: Settings): { findings: Finding[]; caPem: string | undefined } {
  try {
    const { issuing, successor, trustedPem } = loadSuccession({ folder: settings.caFolder, clock: systemClock })
    const now = systemClock.now()
    const days = Math.floor(((successor?.authority ?? issuing).notAfterAt - now) / dayMs)
    const text = `${issuing.certificate.subject}, ${days} days left`
    const ca: Finding =
      days > warnDays
        ? { about: 'CA', state: 'ok', text }
        : {
            about: 'CA',
            state: 'bad',
            text,
            fix: 'larder ca rotate, restart the daemon, and let clients trust the new CA',
          }
    return { findings: [ca, clockFinding(issuing.notBeforeAt, now)], caPem: trustedPem }
  } catch (error) {
    const { code, message, row } = asFault(error)
    const about = code === 'CA_EXPIRED' ? 'clock' : 'CA'
    return { findings: [{ about, state: 'bad', text: `${code}: ${message}`, fix: row.remedy }], caPem: undefined }
  }
}

/** A CA is made a day back: a clock before that day's end runs behind, or ran ahead when the CA was made. */
function clockFinding(notBeforeAt: number, now: number): Finding {
  const text = `${new Date(now).toISOString()}; the CA is valid from ${new Date(notBeforeAt).toISOString()}`
  if (now >= notBeforeAt + dayMs - reachTimeoutMs) return { about: 'clock', state: 'ok', text }
  const fix =
    'Set the clock (timedatectl set-ntp true): clients with the right time refuse certificates made by a wrong one.'
  return {
    about: 'clock',
    state: 'bad',
    text: `the clock was ahead when the CA was made, or is behind now: ${text}`,
    fix,
  }
}

interface FoundDaemon {
  readonly findings: readonly Finding[]
  readonly status: DaemonStatus | undefined
  readonly caPem: string | undefined
  readonly refusals: readonly Refusal[]
}

async function daemonFindings(client: AdminClient): Promise<FoundDaemon> {
  try {
    const status = await client.status()
    const caPem = await client.caPem()
    const { refusals } = (await client.getJson('/v1/refusals')) as { refusals: readonly Refusal[] }
    const { reasons = [] } = status
    const findings: Finding[] = [
      reasons.length === 0
        ? { about: 'daemon', state: 'ok', text: `runs at ${proxyUrlOf(status)}` }
        : { about: 'daemon', state: 'bad', text: reasons.join('; '), fix: 'larder status tells more' },
    ]
    if (caPem === undefined) {
      const text = 'the daemon has no CA, so https passes through unread and uncached'
      findings.push({ about: 'daemon', state: 'bad', text, fix: 'larder ca init, then restart the daemon' })
    }
    return { findings, status, caPem, refusals }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const text = `${error.message}; larder run starts one of its own`
    const finding: Finding = { about: 'daemon', state: 'note', text, fix: error.remedy }
    return { findings: [finding], status: undefined, caPem: undefined, refusals: [] }
  }
}

function storageFindings({ dataFolder }: Settings, status: DaemonStatus | undefined): Finding[] {
  const folder = typeof status?.data === 'string' ? status.data : dataFolder
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(folder)
    const free = bavail * bsize
    const text = `${folder}: ${roughSize(free)} free`
    const fix = 'Make room, or name a folder on another disk with --data.'
    return [
      free < littleSpaceBytes ? { about: 'storage', state: 'bad', text, fix } : { about: 'storage', state: 'ok', text },
    ]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      return [{ about: 'storage', state: 'note', text: `${folder} is not there yet: nothing is stored` }]
    return [
      { about: 'storage', state: 'bad', text: `${folder}: ${code}`, fix: 'Give it to the user who runs the daemon.' },
    ]
  }
}

/** Asks the proxy port for the CA, as a client would. */
async function reachFinding(proxyUrl: string, caPem: string | undefined): Promise<Finding> {
  const url = `${proxyUrl}/ca.pem`
  try {
    const answered = await new Promise<string>((resolve, reject) => {
      get(url, { agent: false, timeout: reachTimeoutMs }, (response) => text(response).then(resolve, reject))
        .on('timeout', () => reject(new Error('no answer')))
        .on('error', reject)
    })
    if (caPem === undefined || answered === caPem) return { about: 'reach', state: 'ok', text: `${proxyUrl} answers` }
    return {
      about: 'reach',
      state: 'bad',
      text: `${url} answers something else: another program has this port`,
      fix: 'Choose another --listen.',
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      about: 'reach',
      state: 'bad',
      text: `${url}: ${reason}`,
      fix: 'Look for a firewall, or choose another --listen.',
    }
  }
}

function trustFindings(caPem: string, environment: Environment, files: TrustFiles): Finding[] {
  return installedTools(environment).map((tool) => {
    const { trusts, by } = toolTrust(tool, caPem, environment)
    if (trusts) return { about: 'trust', state: 'ok', text: `${tool.name} trusts the CA, by ${by}` }
    const text = `${tool.name} does not trust the CA outside of larder run, by ${by}`
    return { about: 'trust', state: 'note', text, fix: tool.fix(files) }
  })
}

function refusalFinding(refusal: Refusal, files: TrustFiles): Finding {
  const { tool, by, client, host, userAgent, reason, count, lastAt, splicedUntilAt } = refusal
  const known = toolNamed(tool)
  const signs = [`by its ${by}`, ...(userAgent === undefined ? [] : [`which says ${JSON.stringify(userAgent)}`])]
  const who = known === undefined ? `a client at ${client}` : `${tool} at ${client} (${signs.join(', ')})`
  const times = count === 1 ? 'once' : `${count} times`
  const spliced =
    splicedUntilAt === undefined
      ? ''
      : `; it is passed through uncached until ${new Date(splicedUntilAt).toISOString()}`
  const text = `${who} refused our certificate for ${host} ${times} (${reason}), last at ${new Date(lastAt).toISOString()}${spliced}`
  return {
    about: 'refusal',
    state: 'bad',
    text,
    fix: `${known?.name ?? 'client'}: ${(known?.fix ?? generalFix)(files)}`,
  }
}

function findingText({ about, state, text, fix }: Finding): string {
  const line = `${state.padEnd(5)} ${about.padEnd(8)} ${text}\n`
  return fix === undefined || state === 'ok' ? line : `${line}${' '.repeat(15)}fix: ${fix}\n`
}
