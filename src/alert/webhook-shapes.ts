import { createHmac } from 'node:crypto'
import type { WebhookFormat } from '../config/alert-targets.ts'
import type { Alert } from './alert-sink.ts'
import { messageText, withinBytes } from './alert-text.ts'

/** What is posted: the body, what the URL gets added to its query, further fields. */
export interface WebhookPost {
  readonly body: string
  readonly query: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}

/** How a receiver wants to be asked, and how it says that it has taken the message beside a status of 2xx. */
export interface WebhookShape {
  /** `at`: milliseconds since the epoch; `secret`: for signing. */
  post(alert: Alert, at: number, secret: string | undefined): WebhookPost
  /** Judges the body of a 2xx answer; the code by which the receiver refused, or `undefined`. */
  refusal(answer: string): string | undefined
}

const msPerSecond = 1_000
const version = 1
/** More is refused: https://developer.work.weixin.qq.com/document/path/91770 */
const mostChatBytes = 2048
const nothing: Readonly<Record<string, never>> = Object.freeze({})

/** The shape for each format. */
export const webhookShapes: Readonly<Record<WebhookFormat, WebhookShape>> = {
  json: {
    post: (alert, at, secret) => signed(JSON.stringify(documentOf(alert)), at, secret),
    refusal: () => undefined,
  },
  alertmanager: {
    post: (alert, at, secret) => signed(JSON.stringify([alertmanagerAlert(alert)]), at, secret),
    refusal: () => undefined,
  },
  slack: {
    // Slack wants these three escaped and no others: https://docs.slack.dev/messaging/formatting-message-text
    post: (alert) =>
      plain({ text: messageText(alert).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;') }),
    refusal: () => undefined,
  },
  feishu: { post: feishuPost, refusal: (answer) => refusedBy(answer, 'code') },
  dingtalk: {
    post: (alert, at, secret) => ({ ...plain(chatText(alert)), query: dingtalkSignature(at, secret) }),
    refusal: (answer) => refusedBy(answer, 'errcode'),
  },
  wecom: { post: (alert) => plain(chatText(alert)), refusal: (answer) => refusedBy(answer, 'errcode') },
}

/** The document of the format `json`; docs/alerts.md describes it. */
export function documentOf(alert: Alert): object {
  const { startedAt, lastAt, endedAt, validUntilAt: _, ...said } = alert
  return {
    version,
    ...said,
    startedAt: new Date(startedAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
    endedAt: endedAt === undefined ? null : new Date(endedAt).toISOString(),
  }
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY`. */
export function signatureOf(body: string, at: number, secret: string): string {
  const seconds = Math.floor(at / msPerSecond)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

function signed(body: string, at: number, secret: string | undefined): WebhookPost {
  const fields = secret === undefined ? nothing : { 'Larder-Signature': signatureOf(body, at, secret) }
  return { body, query: nothing, fields }
}

function plain(body: object): WebhookPost {
  return { body: JSON.stringify(body), query: nothing, fields: nothing }
}

/** https://prometheus.io/docs/alerting/latest/alerts_api: the labels are what tells alerts apart. */
function alertmanagerAlert(alert: Alert): object {
  const { code, severity, subject, source, status, summary, detail, remedy, fault, count } = alert
  return {
    labels: { alertname: `Larder_${code}`, severity, subject, instance: source, job: 'larder' },
    annotations: { status, summary, description: detail, remedy, fault: fault ?? code, count: String(count) },
    startsAt: new Date(alert.startedAt).toISOString(),
    // Without an end the receiver takes it as over a few minutes after the last message.
    endsAt: new Date(alert.endedAt ?? alert.validUntilAt).toISOString(),
  }
}

/** These chats call people by tags in the text. */
function untagged(alert: Alert): string {
  return messageText(alert).replace(/</g, '‹').replace(/>/g, '›').replace(/@/g, '＠')
}

function chatText(alert: Alert): object {
  return { msgtype: 'text', text: { content: withinBytes(untagged(alert), mostChatBytes) } }
}

/** Feishu's key is the text to sign, and it signs nothing with it: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
function feishuPost(alert: Alert, at: number, secret: string | undefined): WebhookPost {
  const timestamp = String(Math.floor(at / msPerSecond))
  const sign = (key: string): string => createHmac('sha256', `${timestamp}\n${key}`).digest('base64')
  const signature = secret === undefined ? nothing : { timestamp, sign: sign(secret) }
  return plain({ ...signature, msg_type: 'text', content: { text: untagged(alert) } })
}

/** Milliseconds and a signature in the query: https://open.dingtalk.com/document/robots/customize-robot-security-settings */
function dingtalkSignature(at: number, secret: string | undefined): Readonly<Record<string, string>> {
  if (secret === undefined) return nothing
  const sign = createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64')
  return { timestamp: String(at), sign }
}

/** These receivers answer 200 to everything and say in the body whether they mean it: 0 is good. */
function refusedBy(answer: string, member: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(answer) as Record<string, unknown>)[member]
    if (value === 0) return undefined
    return typeof value === 'number' ? `${member} ${value}` : `no ${member} in the answer`
  } catch {
    return 'an answer that is no JSON'
  }
}
