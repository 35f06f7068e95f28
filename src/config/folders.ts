import { isAbsolute, join } from 'node:path'
import type { Environment } from './environment.ts'

/** The user's folders of the XDG base directory specification. */
export interface Folders {
  readonly XDG_CACHE_HOME: string
  readonly XDG_CONFIG_HOME: string
  readonly XDG_DATA_HOME: string
  readonly XDG_STATE_HOME: string
  /** Where sockets live; the specification gives no other place, ours is below the state folder. */
  readonly XDG_RUNTIME_DIR: string
}

/** As the specification wants it: a relative path is ignored, an absent variable has its place below HOME. Root is a user like any other. */
export function foldersOf(environment: Environment): Folders {
  const home = environment.HOME ?? '/'
  const folder = (name: keyof Folders, ...initial: string[]): string => {
    const path = environment[name]
    return path !== undefined && isAbsolute(path) ? path : join(home, ...initial)
  }
  return {
    XDG_CACHE_HOME: folder('XDG_CACHE_HOME', '.cache'),
    XDG_CONFIG_HOME: folder('XDG_CONFIG_HOME', '.config'),
    XDG_DATA_HOME: folder('XDG_DATA_HOME', '.local', 'share'),
    XDG_STATE_HOME: folder('XDG_STATE_HOME', '.local', 'state'),
    XDG_RUNTIME_DIR: folder('XDG_RUNTIME_DIR', '.local', 'state'),
  }
}

/** `text` with `$XDG_…` replaced. */
export function expandFolders(text: string, folders: Folders): string {
  return text.replace(/\$(XDG_[A-Z_]+)/g, (whole, name) => folders[name as keyof Folders] ?? whole)
}

/** Where Larder keeps what it writes for the tools that it sets up: bundles of certificates, settings files. */
export function stateFolder(environment: Environment): string {
  return join(foldersOf(environment).XDG_STATE_HOME, 'larder')
}
