import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** What a registry answers for a path. */
export interface RegistryAnswer {
  readonly type: string
  readonly body: string | Buffer
}

/** Answers for `path` (without query); `url` is where clients reach the registry. `undefined`: there is no such thing. */
export type Registry = (path: string, url: string) => RegistryAnswer | undefined

const text = 'content of the origin'
const json = 'application/json'
const bytes = 'application/octet-stream'

/** One package called larder-sample, version 1.0.0, in the form of every registry; its files are made below `folder`. */
export function makeRegistry(folder: string): Registry {
  const files = join(folder, 'registry')
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(files, path)), { recursive: true })
    writeFileSync(join(files, path), content)
  }
  const npm = archive(folder, 'package', {
    'package.json': '{"name":"larder-sample","version":"1.0.0","main":"index.js"}',
    'index.js': `module.exports = '${text}'\n`,
  })
  const crate = archive(folder, 'larder-sample-1.0.0', {
    'Cargo.toml': '[package]\nname = "larder-sample"\nversion = "1.0.0"\nedition = "2021"\n',
    'src/lib.rs': `//! ${text}\n`,
  })
  const php = archive(folder, 'larder-sample', {
    'composer.json': '{"name":"larder/sample"}',
    'sample.php': `<?php return '${text}';\n`,
  })
  write('npm/larder-sample/-/larder-sample-1.0.0.tgz', npm)
  write('cargo/crates/larder-sample/1.0.0/download', crate)
  write('cargo/index/la/rd/larder-sample', cargoLine(crate))
  write('composer/dist/sample-1.0.0.tar', php)
  writeGems(folder, write)
  writeMaven(write)
  writeRpm(write)
  write('sample/file', `${text}\n`)
  return (path, url) => {
    if (path === '/npm/larder-sample') return { type: json, body: packument(npm, `${url}/npm`) }
    if (path === '/cargo/index/config.json') return { type: json, body: `{"dl":"${url}/cargo/crates"}` }
    if (path === '/composer/packages.json') return { type: json, body: composerRoot(php, `${url}/composer`) }
    const file = join(files, path)
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? { type: bytes, body: readFileSync(file) } : undefined
  }
}

const digest = (kind: string, content: string | Buffer, form: 'hex' | 'base64' = 'hex'): string =>
  createHash(kind).update(content).digest(form)

/** A compressed tar file of `members`, which lie in the folder `top`. */
function archive(folder: string, top: string, members: Readonly<Record<string, string>>): Buffer {
  const work = join(folder, 'work', top)
  for (const [name, content] of Object.entries(members)) {
    mkdirSync(dirname(join(work, name)), { recursive: true })
    writeFileSync(join(work, name), content)
  }
  return gzipSync(execFileSync('tar', ['-C', dirname(work), '--format=ustar', '-c', top]))
}

function packument(tarball: Buffer, url: string): string {
  const dist = {
    tarball: `${url}/larder-sample/-/larder-sample-1.0.0.tgz`,
    shasum: digest('sha1', tarball),
    integrity: `sha512-${digest('sha512', tarball, 'base64')}`,
  }
  const version = { name: 'larder-sample', version: '1.0.0', dist }
  const time = { created: '2026-01-01T00:00:00.000Z', '1.0.0': '2026-01-01T00:00:00.000Z' }
  return JSON.stringify({
    name: 'larder-sample',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': version },
    time,
  })
}

function cargoLine(crate: Buffer): string {
  const row = { name: 'larder-sample', vers: '1.0.0', deps: [], features: {}, yanked: false }
  return `${JSON.stringify({ ...row, cksum: digest('sha256', crate) })}\n`
}

function composerRoot(archived: Buffer, url: string): string {
  const dist = { type: 'tar', url: `${url}/dist/sample-1.0.0.tar`, shasum: digest('sha1', archived) }
  const version = { name: 'larder/sample', version: '1.0.0', dist }
  return JSON.stringify({ packages: { 'larder/sample': { '1.0.0': version } } })
}

type Write = (path: string, content: string | Buffer) => void

/** The whole index, which gem reads, and the compact one for Bundler. */
function writeGems(folder: string, write: Write): void {
  const work = join(folder, 'work', 'gem')
  mkdirSync(join(work, 'lib'), { recursive: true })
  writeFileSync(join(work, 'lib/larder_sample.rb'), `LARDER_SAMPLE = '${text}'\n`)
  const lines = ['name = "larder-sample"', 'version = "1.0.0"', 'summary = "sample"', 'authors = ["a"]']
  const script = `
    require 'rubygems/package'
    spec = Gem::Specification.new { |s| s.${lines.join('; s.')}; s.files = ['lib/larder_sample.rb'] }
    Gem::DefaultUserInteraction.ui = Gem::SilentUI.new
    Gem::Package.build(spec, true)
    File.binwrite('spec.rz', Gem.deflate(Marshal.dump(spec)))
    File.binwrite('specs', Marshal.dump([['larder-sample', spec.version, 'ruby']]))
    File.binwrite('none', Marshal.dump([]))`
  execFileSync('ruby', ['-e', script], { cwd: work })
  const made = (name: string): Buffer => readFileSync(join(work, name))
  const gem = made('larder-sample-1.0.0.gem')
  write('gems/gems/larder-sample-1.0.0.gem', gem)
  write('gems/quick/Marshal.4.8/larder-sample-1.0.0.gemspec.rz', made('spec.rz'))
  for (const name of ['specs', 'latest_specs']) write(`gems/${name}.4.8.gz`, gzipSync(made('specs')))
  write('gems/prerelease_specs.4.8.gz', gzipSync(made('none')))
  const info = `---\n1.0.0 |checksum:${digest('sha256', gem)}\n`
  write('gems/info/larder-sample', info)
  write('gems/versions', `created_at: 2026-01-01T00:00:00+00:00\n---\nlarder-sample 1.0.0 ${digest('md5', info)}\n`)
}

/** A parent project, a library, and what Maven gives every extension, each with its digest as Maven repositories have it. */
function writeMaven(write: Write): void {
  const place = (name: string, content: string | Buffer): void => {
    write(`maven/${name}`, content)
    write(`maven/${name}.sha1`, digest('sha1', content))
  }
  for (const [group, artifact, version, packaging] of [
    ['larder.test', 'parent', '1.0.0', 'pom'],
    ['larder.test', 'sample', '1.0.0', 'jar'],
    ['org.codehaus.plexus', 'plexus-utils', '1.1', 'jar'],
  ] as const) {
    const stem = `${group.replaceAll('.', '/')}/${artifact}/${version}/${artifact}-${version}`
    const words = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`
    const model = '<project><modelVersion>4.0.0</modelVersion>'
    place(`${stem}.pom`, `${model}${words}<packaging>${packaging}</packaging><name>${text}</name></project>\n`)
    if (packaging === 'jar') place(`${stem}.jar`, Buffer.from(emptyArchive, 'base64'))
  }
}

/** A zip file without members. */
const emptyArchive = 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=='

/** A repository of one package, of which dnf wants no more than its digest as long as it is not installed. */
function writeRpm(write: Write): void {
  const file = 'Packages/larder-sample-1.0.0-1.noarch.rpm'
  const rpm = `${text}\n`
  const common = 'http://linux.duke.edu/metadata'
  const version = 'epoch="0" ver="1.0.0" rel="1"'
  const primary = `<?xml version="1.0"?>
<metadata xmlns="${common}/common" xmlns:rpm="${common}/rpm" packages="1"><package type="rpm">
<name>larder-sample</name><arch>noarch</arch><version ${version}/>
<checksum type="sha256" pkgid="YES">${digest('sha256', rpm)}</checksum><summary>sample</summary>
<size package="${rpm.length}" installed="0" archive="0"/><location href="${file}"/>
<format><rpm:provides><rpm:entry name="larder-sample" flags="EQ" ${version}/></rpm:provides></format>
</package></metadata>
`
  write(`rpm/${file}`, rpm)
  write('rpm/repodata/primary.xml', primary)
  write(
    'rpm/repodata/repomd.xml',
    `<?xml version="1.0"?>
<repomd xmlns="${common}/repo"><revision>1</revision><data type="primary"><location href="repodata/primary.xml"/>
<checksum type="sha256">${digest('sha256', primary)}</checksum><timestamp>1</timestamp></data></repomd>
`,
  )
}
