import type { Face } from './faces.ts'

/** What a row's bytes are made of on one face. */
export type Place = Pick<Face, 'host' | 'target' | 'url'>

/** One request that the origin must have seen. */
export interface Expected {
  readonly method: string
  readonly target: string
  readonly body?: string
}

/** Hostile bytes of a client, and what may become of them. */
export interface Row {
  readonly id: string
  /** A sentence: what is sent, and what happens. */
  readonly title: string
  /** The section that says so. */
  readonly why: string
  readonly bytes: (place: Place) => string
  /** Statuses of the answers, in order; the connection closes after one of 400 and more. */
  readonly answers: readonly number[]
  /** The connection closes although nothing was refused. */
  readonly closes?: true
  /** What the origin sees of it: exactly this, each well framed, and nothing more. */
  readonly seen: readonly Expected[]
  /** Only here, because the form of the target makes the difference. */
  readonly on?: 'proxy port' | 'tunnel'
}

interface Parts {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Field lines; `Host` comes first unless `host` is `false`. */
  readonly fields?: readonly string[]
  readonly host?: false
  readonly body?: string
}

/** A request whose parts are as they should be, but for those given. */
export function request(place: Place, path: string, parts: Parts = {}): string {
  const { method = 'GET', target = place.target(path), version = 'HTTP/1.1', fields = [], host, body = '' } = parts
  const lines = [`${method} ${target} ${version}`, ...(host === false ? [] : [`Host: ${place.host}`]), ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** A row that is refused with `status`, unseen by the origin. */
export function refused(
  id: string,
  title: string,
  why: string,
  bytes: (place: Place, path: string) => string,
  more: { readonly status?: number; readonly on?: Row['on'] } = {},
): Row {
  const { status = 400, on } = more
  return {
    id,
    title: `${title} is refused`,
    why,
    bytes: (place) => bytes(place, `/${id}`),
    answers: [status],
    seen: [],
    ...(on === undefined ? {} : { on }),
  }
}

/** A row that is forwarded with one meaning. */
export function forwarded(
  id: string,
  title: string,
  why: string,
  bytes: (place: Place, path: string) => string,
  seen: Partial<Expected> = {},
  on?: Row['on'],
): Row {
  const path = `/${id}`
  return {
    id,
    title,
    why,
    bytes: (place) => bytes(place, path),
    answers: [200],
    seen: [{ method: 'GET', target: path, ...seen }],
    ...(on === undefined ? {} : { on }),
  }
}
