import { type ClientTool, clientTools } from './client-tools.ts'

/** Which tool a client is, and what says so. */
export interface ClientHint {
  readonly tool: ClientTool | undefined
  readonly by: 'user agent' | 'process' | 'host' | 'nothing'
}

export interface ClientSigns {
  readonly userAgent: string | undefined
  /** Names of the program and of the script that it runs, such as `python3` and `pip`. */
  readonly programs: readonly string[]
  readonly host: string
}

/** The best guess: what the client says of itself, else which program it is, else which tools ask that host. */
export function clientHint({ userAgent, programs, host }: ClientSigns): ClientHint {
  const said = toolOfUserAgent(userAgent)
  if (said !== undefined) return { tool: said, by: 'user agent' }
  // A script says more than what runs it.
  for (const name of [...programs].reverse()) {
    const tool = clientTools.find((one) =>
      one.programs.includes(name.replace(/(?:\.(?:py|js|cjs|mjs|rb|phar|exe)|-cli\.js|[\d.]+)$/, '') || name),
    )
    if (tool !== undefined) return { tool, by: 'process' }
  }
  const tool = clientTools.find((one) => one.hosts?.test(host))
  return tool === undefined ? { tool, by: 'nothing' } : { tool, by: 'host' }
}

/** Some say only which library they use. */
export function toolOfUserAgent(userAgent: string | undefined): ClientTool | undefined {
  return userAgent === undefined ? undefined : clientTools.find((one) => one.userAgent?.test(userAgent))
}

/** The tool of this name, as events and answers of the daemon have it. */
export function toolNamed(name: string): ClientTool | undefined {
  return clientTools.find((one) => one.name === name)
}
