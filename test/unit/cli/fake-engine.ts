import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineName } from '../../../src/cli/image-engine.ts'

/**
 * Stands for docker, podman or buildah: keeps names and descriptions of images in files, writes down what it was told,
 * and fails at the commands that the variable FAIL names.
 */
export class FakeEngine {
  readonly #top: string
  readonly #name: EngineName

  constructor(top: string, name: EngineName) {
    this.#top = top
    this.#name = name
    for (const folder of ['bin', 'names', 'images']) mkdirSync(join(top, folder), { recursive: true })
    const file = join(top, 'bin', name)
    writeFileSync(file, script(top, name))
    chmodSync(file, 0o755)
  }

  get path(): string {
    return join(this.#top, 'bin')
  }

  /** An image as it comes from a registry. */
  add(name: string, id: string): void {
    const configuration = { User: 'app', Env: ['PATH=/bin', 'no_proxy=own.test'], Labels: {} }
    writeFileSync(join(this.#top, 'images', id), description(this.#name, id, JSON.stringify(configuration)))
    writeFileSync(join(this.#top, 'names', name), id)
  }

  /** It is at the registry alone. */
  forget(name: string, id: string): void {
    rmSync(join(this.#top, 'names', name))
    renameSync(join(this.#top, 'images', id), join(this.#top, 'registry'))
  }

  /** Image by name. */
  names(): Readonly<Record<string, string>> {
    const folder = join(this.#top, 'names')
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  }

  images(): readonly string[] {
    return readdirSync(join(this.#top, 'images'))
  }

  /** The Dockerfile of the last build. */
  dockerfile(): string {
    return readFileSync(join(this.#top, 'Dockerfile'), 'utf8')
  }

  /** The files of the last build's layer. */
  files(): readonly string[] {
    return readFileSync(join(this.#top, 'files'), 'utf8').split('\n')
  }

  /** Where the last build found its files. */
  context(): string {
    return readFileSync(join(this.#top, 'context'), 'utf8')
  }

  /** What changed something since the last look, or tried to; folders are called `FOLDER`. */
  takeChanges(): readonly string[] {
    const file = join(this.#top, 'calls')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    writeFileSync(file, '')
    return lines.filter((line) => !/^(?:image )?inspect /.test(line)).map((line) => line.replace(/ \/\S+$/, ' FOLDER'))
  }
}

function description(name: EngineName, id: string, configuration: string): string {
  return name === 'buildah'
    ? `{"FromImageID":"${id}","OCIv1":{"config":${configuration}}}`
    : `[{"Id":"${id}","Config":${configuration}}]`
}

function script(top: string, name: EngineName): string {
  return `#!/bin/sh
cd ${top}
printf '%s\\n' "$*" >>calls
for last; do :; done
[ "$1" != build ] || printf %s "$last" >context
case " $FAIL " in *" $1 "*) exit 1 ;; esac
[ "$1" != image ] || shift
idOf() { if [ -e "names/$1" ]; then cat "names/$1"; else printf %s "$1"; fi; }
case "$1" in
  inspect)
    file=images/$(idOf "$last")
    [ -e "$file" ] || { echo "no such image: $last" >&2; exit 1; }
    cat "$file" ;;
  pull) mv registry images/original && printf original >"names/$2" ;;
  tag) id=$(idOf "$2") && printf %s "$id" >"names/$3" ;;
  build)
    cp "$last/Dockerfile" Dockerfile
    ls "$last/larder" >files
    id=built-$(cksum <Dockerfile | tr ' ' -)
    labels=$(sed -n 's/.*\\(larder\\.[a-z]*\\)="\\([^"]*\\)".*/"\\1":"\\2"/p' Dockerfile | paste -sd, -)
    configuration="{\\"User\\":\\"app\\",\\"Labels\\":{$labels}}"
    cat >"images/$id" <<END
${description(name, '$id', '$configuration')}
END
    printf %s "$id" >"names/$4" ;;
  rmi) if [ -e "names/$2" ]; then rm "names/$2"; else rm "images/$2"; fi ;;
esac
`
}
