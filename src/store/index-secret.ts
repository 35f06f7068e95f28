import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { Fault } from '../base/faults.ts'

const secretBytes = 32
const leastLength = 32
const ownerOnly = 0o600

/** What records are sealed with, from a file that several daemons may share. Throws `CONFIG_BAD_VALUE`. */
export function readSharedSecret(file: string): Buffer {
  const text = readText(file)
  if (text === undefined) throw new Fault('CONFIG_BAD_VALUE', `index-key ${file}: there is no such file`)
  if (text.length >= leastLength) return Buffer.from(text)
  throw new Fault('CONFIG_BAD_VALUE', `index-key ${file}: fewer than ${leastLength} characters`)
}

/** The same for one daemon alone: made once, readable by its owner. A damaged one is replaced, and what it sealed is a miss. */
export function ownSecret(file: string): Buffer {
  const known = readText(file)
  if (known !== undefined && known.length >= leastLength) return Buffer.from(known)
  const text = randomBytes(secretBytes).toString('hex')
  writeFileSync(file, `${text}\n`, { mode: ownerOnly, flush: true })
  return Buffer.from(text)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Fault('CONFIG_BAD_VALUE', `index-key ${file}: ${code ?? message}`, { cause: error })
  }
}
