import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSystemRoots } from '../ca/system-roots.ts'
import { certificatesIn } from '../ca/trust-export.ts'
import type { Environment } from '../config/environment.ts'
import { type ClientTool, clientTools } from '../ecosystem/client-tools.ts'
import { findProgram } from './find-program.ts'
import { javaStoresBelow } from './java-cacerts.ts'

/** How an installed tool stands to the CA when it is started from a shell with `environment`. */
export interface ToolTrust {
  readonly tool: ClientTool
  readonly trusts: boolean
  /** What decides it, such as `PIP_CERT`. */
  readonly by: string
}

/** Settings files whose place a variable may name, with where they name their certificates. */
const settingsFiles: Readonly<
  Record<string, { readonly variable: string; readonly home?: string; readonly names: RegExp }>
> = {
  wget: { variable: 'WGETRC', home: '.wgetrc', names: /^\s*ca_?certificate\s*=\s*(\S+)/im },
  apt: { variable: 'APT_CONFIG', names: /CAInfo\s+"([^"]+)"/i },
}
const javaTools = new Set(['Java', 'Maven', 'Gradle'])

/** The tools of the table that are installed. */
export function installedTools(environment: Environment): ClientTool[] {
  return clientTools.filter(({ programs }) => programs.some((name) => findProgram(name, environment) !== undefined))
}

/** Does `tool` trust every CA of `caPem`, as far as its variables and the system's store say? */
export function toolTrust(tool: ClientTool, caPem: string, environment: Environment): ToolTrust {
  const wanted = certificatesIn(caPem).map(({ raw }) => raw)
  if (javaTools.has(tool.name)) return javaTrusts(tool, wanted, environment)
  const settings = settingsFiles[tool.name]
  if (settings !== undefined) {
    const place = environment[settings.variable] ?? (settings.home && join(environment.HOME ?? '/', settings.home))
    const file = settings.names.exec(textOf(place))?.[1]
    if (file !== undefined) return { tool, trusts: holds(textOf(file), wanted), by: place! }
  }
  const variable = tool.variables.find((name) => environment[name])
  if (variable !== undefined) return { tool, trusts: holds(textOf(environment[variable]), wanted), by: variable }
  if (tool.systemStore) return { tool, trusts: holds(readSystemRoots().pem, wanted), by: "the system's store" }
  return { tool, trusts: false, by: 'its own store' }
}

function javaTrusts(tool: ClientTool, wanted: readonly Buffer[], environment: Environment): ToolTrust {
  const own = /-Djavax\.net\.ssl\.trustStore=(\S+)/.exec(environment.JAVA_TOOL_OPTIONS ?? '')?.[1]
  const files = own === undefined ? javaStoresBelow('/', environment) : [own.replace(/"$/, '')]
  const stores = files.map(bytesOf)
  const trusts = stores.length > 0 && stores.every((store) => wanted.every((one) => store.includes(one)))
  return { tool, trusts, by: own === undefined ? "Java's store" : 'JAVA_TOOL_OPTIONS' }
}

function holds(pem: string, wanted: readonly Buffer[]): boolean {
  const held = new Set(certificatesIn(pem).map(({ raw }) => raw.toString('base64')))
  return wanted.every((one) => held.has(one.toString('base64')))
}

function textOf(path: string | undefined): string {
  return path === undefined ? '' : bytesOf(path).toString('latin1')
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
