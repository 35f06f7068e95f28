import { type Disk, systemDisk } from '../../src/store/disk.ts'

export interface FaultyDisk extends Disk {
  /** From now on `call` fails with `code`, after `afterCount` more that succeed, `failCount` times. */
  breakCall(call: keyof Disk, code: string, afterCount?: number, failCount?: number): void
  mend(): void
  /** Names of the calls so far, in order. */
  readonly calls: (keyof Disk)[]
}

/** The real disk, with faults where the test wants them. */
export function createFaultyDisk(): FaultyDisk {
  const broken = new Map<keyof Disk, { code: string; afterCount: number; failCount: number }>()
  const calls: (keyof Disk)[] = []
  const guarded = <C extends keyof Disk>(call: C): Disk[C] => {
    const real = systemDisk[call] as (...args: unknown[]) => Promise<unknown>
    const guard = (...args: unknown[]): Promise<unknown> => {
      calls.push(call)
      const fault = broken.get(call)
      if (fault === undefined || fault.afterCount-- > 0 || fault.failCount-- <= 0) return real(...args)
      return Promise.reject(Object.assign(new Error(`${fault.code}: injected`), { code: fault.code }))
    }
    return guard as Disk[C]
  }
  return {
    open: guarded('open'),
    writev: guarded('writev'),
    read: guarded('read'),
    fsync: guarded('fsync'),
    fdatasync: guarded('fdatasync'),
    close: guarded('close'),
    truncate: guarded('truncate'),
    rename: guarded('rename'),
    unlink: guarded('unlink'),
    facts: guarded('facts'),
    calls,
    breakCall: (call, code, afterCount = 0, failCount = Infinity) => broken.set(call, { code, afterCount, failCount }),
    mend: () => broken.clear(),
  }
}
