import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { foreignPackages, media, ranks } from './ranks.ts'
import { type Import, importsOf, readText, sourceFiles, top } from './source-text.ts'

const sources = sourceFiles('src')
const imports = new Map(sources.map((path) => [path, importsOf(path)]))
const all = [...imports.values()].flat()

/** The folder under src/ (or the file directly there) that the table ranks. */
const folderOf = (path: string): string => path.split('/')[1]!
const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]
const isForeign = ({ specifier, file }: Import): boolean => file === undefined && !specifier.startsWith('node:')
const written = ({ from, specifier }: Import): string => `${from} imports ${specifier}`

/** `<medium>-<noun>.ts` beside `<noun>.ts`, or the importer of a package that only adapters may import. */
function isAdapter(path: string): boolean {
  const [medium, ...noun] = basename(path).split('-')
  const beside = join(dirname(path), noun.join('-'))
  if ((media as readonly string[]).includes(medium!) && noun.length > 0 && existsSync(top + beside)) return true
  return (imports.get(path) ?? []).some((one) => foreignPackages[packageOf(one.specifier)]?.kind === 'adapter')
}

describe('Layers', () => {
  test('every folder under src/ has a rank', () => {
    assert.deepEqual(
      [...new Set(sources.map(folderOf))].filter((folder) => ranks[folder] === undefined),
      [],
    )
  })

  test('an import goes to a lower rank or stays in its folder', () => {
    const wrong = all.filter(({ from, file }) => {
      if (file === undefined || folderOf(file) === folderOf(from)) return false
      return !file.startsWith('src/') || !(ranks[folderOf(file)]! < ranks[folderOf(from)]!)
    })
    assert.deepEqual(wrong.map(written), [])
  })

  test('only app/ imports adapters', () => {
    const wrong = all.filter(({ from, file }) => file !== undefined && isAdapter(file) && folderOf(from) !== 'app')
    const ofOtherFolders = wrong.filter(({ from, file }) => dirname(from) !== dirname(file!) || !isAdapter(from))
    assert.deepEqual(ofOtherFolders.map(written), [])
  })

  test('a foreign package is imported by its adapter or small family alone', () => {
    const wrong = all.filter(
      (one) => isForeign(one) && !foreignPackages[packageOf(one.specifier)]?.files.test(one.from),
    )
    assert.deepEqual(wrong.map(written), [])
  })

  test('an adapter stands beside the file that declares its interface', () => {
    const lonely = sources.filter((path) => {
      const [medium, ...noun] = basename(path).split('-')
      return isAdapter(path) && !(noun.length > 0 && (media as readonly string[]).includes(medium!))
    })
    assert.deepEqual(lonely, [])
  })

  test('every imported file exists', () => {
    assert.deepEqual(all.filter(({ file }) => file !== undefined && !existsSync(top + file)).map(written), [])
  })

  test('every dependency of package.json is imported, and every imported package is a dependency', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> }
    const imported = new Set(all.filter(isForeign).map(({ specifier }) => packageOf(specifier)))
    assert.deepEqual([...imported].sort(), Object.keys(dependencies).sort())
  })

  test('no import leads back to where it came from, types included', () => {
    assert.deepEqual(cycles(), [])
  })

  test('main.ts and index.ts are imported by nothing', () => {
    const entries = all.filter(({ file }) => file === 'src/main.ts' || file === 'src/index.ts')
    assert.deepEqual(entries.map(written), [])
  })
})

/** Each cycle once, as `a → b → a`. */
function cycles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const { file } of imports.get(path) ?? []) if (file !== undefined) walk(file, [...trail, path])
    done.add(path)
  }
  for (const path of sources) walk(path, [])
  return found
}
