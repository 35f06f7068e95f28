import fs from 'node:fs'

/** What the system knows of an open file. */
export interface FileFacts {
  readonly isFile: boolean
  readonly sizeBytes: number
  readonly inode: bigint
  /** When content or permissions last changed, in nanoseconds since the epoch. */
  readonly changedAtNs: bigint
  readonly ownerId: number
  /** Permission bits alone. */
  readonly mode: number
}

/** The calls of the filesystem that storing uses, as promises; tests put faults between. */
export interface Disk {
  open(path: string, flags: number, mode?: number): Promise<number>
  writev(fd: number, buffers: Buffer[], position: number): Promise<number>
  read(fd: number, target: Buffer, position: number): Promise<number>
  fsync(fd: number): Promise<void>
  fdatasync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  truncate(fd: number, sizeBytes: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  facts(fd: number): Promise<FileFacts>
}

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

function promised<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null ? resolve(value) : reject(error)))
  })
}

export const systemDisk: Disk = {
  open: (path, flags, mode) => promised((done) => fs.open(path, flags, mode, done)),
  writev: (fd, buffers, position) => promised((done) => fs.writev(fd, buffers, position, done)),
  read: (fd, target, position) => promised((done) => fs.read(fd, target, 0, target.length, position, done)),
  fsync: (fd) => promised((done) => fs.fsync(fd, (error) => done(error, undefined))),
  fdatasync: (fd) => promised((done) => fs.fdatasync(fd, (error) => done(error, undefined))),
  close: (fd) => promised((done) => fs.close(fd, (error) => done(error, undefined))),
  truncate: (fd, sizeBytes) => promised((done) => fs.ftruncate(fd, sizeBytes, (error) => done(error, undefined))),
  rename: (from, to) => promised((done) => fs.rename(from, to, (error) => done(error, undefined))),
  unlink: (path) => promised((done) => fs.unlink(path, (error) => done(error, undefined))),
  facts: (fd) =>
    promised<fs.BigIntStats>((done) => fs.fstat(fd, { bigint: true }, done)).then((stats) => ({
      isFile: stats.isFile(),
      sizeBytes: Number(stats.size),
      inode: stats.ino,
      changedAtNs: stats.ctimeNs,
      ownerId: Number(stats.uid),
      mode: Number(stats.mode) & 0o7777,
    })),
}
