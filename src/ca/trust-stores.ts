import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemRootFiles } from './system-roots.ts'

/** How a family of systems takes a CA of its own. Paths are below the root of the system, without a leading slash. */
export interface TrustStore {
  readonly name: 'redhat' | 'arch' | 'suse' | 'alpine' | 'debian'
  /** All of these are there on such a system. */
  readonly signs: readonly string[]
  readonly folder: string
  /** Of files in the folder; others are passed over. */
  readonly extension: '.crt' | '.pem'
  readonly updater: string
}

/** The first whose signs are there is the system's. */
export const trustStores: readonly TrustStore[] = [
  {
    name: 'redhat',
    signs: ['etc/pki/ca-trust/source/anchors'],
    folder: 'etc/pki/ca-trust/source/anchors',
    extension: '.pem',
    updater: 'update-ca-trust',
  },
  {
    name: 'arch',
    signs: ['etc/ca-certificates/trust-source/anchors'],
    folder: 'etc/ca-certificates/trust-source/anchors',
    extension: '.pem',
    updater: 'update-ca-trust',
  },
  {
    name: 'suse',
    signs: ['etc/pki/trust/anchors'],
    folder: 'etc/pki/trust/anchors',
    extension: '.pem',
    updater: 'update-ca-certificates',
  },
  {
    name: 'alpine',
    signs: ['etc/alpine-release', 'usr/sbin/update-ca-certificates'],
    folder: 'usr/local/share/ca-certificates',
    extension: '.crt',
    updater: 'update-ca-certificates',
  },
  {
    name: 'debian',
    signs: ['usr/sbin/update-ca-certificates'],
    folder: 'usr/local/share/ca-certificates',
    extension: '.crt',
    updater: 'update-ca-certificates',
  },
]

/** Files that hold all roots of a system; where there is no updater, they are added to directly. */
export const bundleFiles: readonly string[] = [...systemRootFiles, '/etc/pki/tls/cacert.pem'].map((path) =>
  path.slice(1),
)

/** The store of the system whose root is `root`; `undefined`: it has none, or nothing that keeps it up to date. */
export function findTrustStore(root: string): TrustStore | undefined {
  return trustStores.find(({ signs }) => signs.every((path) => existsSync(join(root, path))))
}
