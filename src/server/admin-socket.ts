import { once } from 'node:events'
import { lstatSync, mkdirSync, type Stats, statSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { Fault } from '../base/faults.ts'
import { isLoopback } from '../config/loopback.ts'
import type { AdminAddress } from '../config/settings.ts'

const groupOrOthersWrite = 0o022
const sticky = 0o1000
const othersWrite = 0o002

/**
 * Listens on a unix socket that its owner alone may open: 0600, in a folder of 0700 when we make it. The file of a server
 * that is gone is replaced; a live one is `LISTEN_FAILED`.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  prepareFolder(dirname(path))
  const error = await tryListen(server, path)
  if (error === undefined) return
  if (error.code !== 'EADDRINUSE') throw new Fault('LISTEN_FAILED', `unix:${path}: ${error.code}`, { cause: error })
  if (!lstatSync(path).isSocket()) throw new Fault('LISTEN_FAILED', `unix:${path} is a file of another kind`)
  if (await isAnswered(path)) throw new Fault('LISTEN_FAILED', `unix:${path} is served by another process`)
  unlinkSync(path)
  const again = await tryListen(server, path)
  if (again !== undefined) throw new Fault('LISTEN_FAILED', `unix:${path}: ${again.code}`, { cause: again })
}

/** A socket that somebody else made is no less private than one of ours, but for a group. Throws `CONFIG_CONFLICT`. */
export function checkPassedSocket(address: AdminAddress): void {
  if (!('path' in address)) {
    if (isLoopback(address.host)) return
    throw new Fault('CONFIG_CONFLICT', `the admin socket that was passed is ${address.host}, which others can reach`)
  }
  // One without a file, in the abstract namespace, is for everybody.
  const mode = statSync(address.path, { throwIfNoEntry: false })?.mode ?? othersWrite
  if ((mode & othersWrite) === 0) return
  throw new Fault('CONFIG_CONFLICT', `everybody may open the admin socket ${address.path}: give it SocketMode=0600`)
}

/** In a folder where others may write, they could put a socket of theirs in our place (CORRECTNESS T43). */
function prepareFolder(folder: string): void {
  let stats: Stats
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    stats = statSync(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Fault('LISTEN_FAILED', `cannot make ${folder} for the admin socket: ${code}`, { cause })
  }
  if ((stats.mode & groupOrOthersWrite) === 0 || (stats.mode & sticky) !== 0) return
  throw new Fault('CONFIG_CONFLICT', `others may write to ${folder}: give the admin socket a folder of its own`)
}

/** The file is made within `listen`, so the umask of that moment is its mode. */
async function tryListen(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  const umask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(umask)
  }
  return await once(server, 'listening').then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  )
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  return await once(socket, 'connect').then(
    () => {
      socket.destroy()
      return true
    },
    () => false,
  )
}
