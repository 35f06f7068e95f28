import { isIP } from 'node:net'
import { resolve } from 'node:path'

/** What a webhook expects as its body. */
export const webhookFormats = ['json', 'slack', 'feishu', 'dingtalk', 'wecom', 'alertmanager'] as const
export type WebhookFormat = (typeof webhookFormats)[number]

export interface WebhookTarget {
  readonly kind: 'webhook'
  /** Without fragment; the path or the query may be the secret. */
  readonly url: string
  readonly format: WebhookFormat
  readonly secretFile: string | undefined
}

export interface CommandTarget {
  readonly kind: 'command'
  /** Program and arguments; no shell reads them. */
  readonly words: readonly string[]
}

export interface MailTarget {
  readonly kind: 'mail'
  readonly host: string
  readonly port: number
  /** TLS from the first byte, else STARTTLS. */
  readonly secure: boolean
  readonly user: string | undefined
  readonly from: string | undefined
  readonly to: readonly string[]
  /** File of the password. */
  readonly secretFile: string | undefined
}

/** Where alerts go. */
export type AlertTarget = WebhookTarget | CommandTarget | MailTarget

/** Hosts whose receivers are known. */
const formatByHost: Readonly<Record<string, WebhookFormat>> = {
  'hooks.slack.com': 'slack',
  'hooks.slack-gov.com': 'slack',
  'open.feishu.cn': 'feishu',
  'open.larksuite.com': 'feishu',
  'oapi.dingtalk.com': 'dingtalk',
  'qyapi.weixin.qq.com': 'wecom',
}
const alertmanagerPath = /\/api\/v2\/alerts$/
const mailbox = /^[^\s@<>,;"\p{C}]+@[^\s@<>,;"\p{C}]+$/u
const ports = { 'smtp:': 25, 'smtps:': 465, 'mailto:': 25 } as const

/** `undefined`: the text is none. Relative paths of files with secrets start at `folder`. */
export function readAlertTarget(text: string, folder: string): AlertTarget | undefined {
  if (/[\p{Cc}]/u.test(text)) return undefined
  if (text.startsWith('exec:')) return readCommand(text.slice('exec:'.length))
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.password !== '') return undefined
  const parameters = new URLSearchParams(url.hash.slice(1))
  if (url.protocol === 'http:' || url.protocol === 'https:') return readWebhook(url, parameters, folder)
  return Object.hasOwn(ports, url.protocol) ? readMail(url, parameters, folder) : undefined
}

/** The text that `readAlertTarget` turns into `target`. Has its secrets, if any. */
export function alertTargetText(target: AlertTarget): string {
  if (target.kind === 'command') return `exec:${target.words.map(quoted).join(' ')}`
  const secret = target.secretFile === undefined ? '' : `secret=${encodeURIComponent(target.secretFile)}`
  if (target.kind === 'webhook') return `${target.url}#format=${target.format}${secret && `&${secret}`}`
  return `${mailUrl(target, true)}${secret && `#${secret}`}`
}

/** What may be shown of a target: neither paths and queries of webhooks, nor arguments, nor users. */
export function alertTargetName(target: AlertTarget): string {
  if (target.kind === 'command') return `exec:${target.words[0]!}${target.words.length === 1 ? '' : ' …'}`
  if (target.kind === 'webhook') return `${new URL(target.url).origin}/… (${target.format})`
  return mailUrl(target, false)
}

/** `#slack` is short for `#format=slack`. */
function readWebhook(url: URL, parameters: URLSearchParams, folder: string): WebhookTarget | undefined {
  if (url.username !== '') return undefined
  const known = formatByHost[url.hostname] ?? (alertmanagerPath.test(url.pathname) ? 'alertmanager' : 'json')
  const names = [...parameters.keys()]
  const short = webhookFormats.find((format) => parameters.get(format) === '')
  if (names.some((name) => name !== short && name !== 'format' && name !== 'secret')) return undefined
  const format = webhookFormats.find((one) => one === (parameters.get('format') ?? short ?? known))
  url.hash = ''
  return format && { kind: 'webhook', url: url.href, format, secretFile: secretFileOf(parameters, folder) }
}

function readMail(url: URL, secrets: URLSearchParams, folder: string): MailTarget | undefined {
  const isPlainMail = url.protocol === 'mailto:'
  const to = (isPlainMail ? decoded(url.pathname) : url.searchParams.get('to'))?.split(/[,\s]+/) ?? []
  const from = url.searchParams.get('from') ?? undefined
  const known = isPlainMail ? ['from'] : ['from', 'to']
  const isKnown = [...url.searchParams.keys()].every((name) => known.includes(name))
  const onlySecret = [...secrets.keys()].every((name) => name === 'secret')
  if (!isKnown || !onlySecret || ![...to, ...(from === undefined ? [] : [from])].every((one) => mailbox.test(one))) {
    return undefined
  }
  const host = isPlainMail ? 'localhost' : url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || to.length === 0) return undefined
  return {
    kind: 'mail',
    host: decoded(host),
    port: Number(url.port) || ports[url.protocol as keyof typeof ports],
    secure: url.protocol === 'smtps:',
    user: url.username === '' ? undefined : decoded(url.username),
    from,
    to,
    secretFile: secretFileOf(secrets, folder),
  }
}

function mailUrl({ secure, user, host, port, from, to }: MailTarget, isWhole: boolean): string {
  const login = isWhole && user !== undefined ? `${encodeURIComponent(user)}@` : ''
  const sender = isWhole && from !== undefined ? `&from=${encodeURIComponent(from)}` : ''
  const place = isIP(host) === 6 ? `[${host}]` : host
  const people = to.map(encodeURIComponent).join(',')
  return `${secure ? 'smtps' : 'smtp'}://${login}${place}:${port}/?to=${isWhole ? people : to.join(',')}${sender}`
}

/** Words are parted by spaces; one in quotes, single or double, may have spaces. */
function readCommand(text: string): CommandTarget | undefined {
  const words: string[] = []
  const word = /\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))(?=\s|$)/y
  while (text.slice(word.lastIndex).trim() !== '') {
    const found = word.exec(text)
    if (found === null) return undefined
    words.push(found[1] ?? found[2] ?? found[3]!)
  }
  return words.length === 0 || words[0] === '' ? undefined : { kind: 'command', words }
}

function quoted(word: string): string {
  if (/^[^\s"']+$/.test(word)) return word
  return word.includes('"') ? `'${word}'` : `"${word}"`
}

function secretFileOf(parameters: URLSearchParams, folder: string): string | undefined {
  const path = parameters.get('secret')
  return path === null || path === '' ? undefined : resolve(folder, path)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
