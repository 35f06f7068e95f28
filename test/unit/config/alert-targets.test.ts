import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alertTargetName, alertTargetText, readAlertTarget } from '../../../src/config/alert-targets.ts'

const read = (text: string): ReturnType<typeof readAlertTarget> => readAlertTarget(text, '/etc/larder')
const hook = (text: string): string => {
  const target = read(text)
  assert.equal(target?.kind, 'webhook', text)
  return (target as { format: string }).format
}

describe('An alert target', () => {
  const good: readonly (readonly [text: string, name: string])[] = [
    ['https://hooks.slack.com/services/T0/B0/s3cret', 'https://hooks.slack.com/… (slack)'],
    ['https://hooks.example.org/larder?token=s3cret,x', 'https://hooks.example.org/… (json)'],
    ['http://127.0.0.1:9093/api/v2/alerts', 'http://127.0.0.1:9093/… (alertmanager)'],
    [
      'https://oapi.dingtalk.com/robot/send?access_token=s3cret#secret=ding.secret',
      'https://oapi.dingtalk.com/… (dingtalk)',
    ],
    ["exec:/usr/bin/notify --token s3cret 'two words' \"it's\"", 'exec:/usr/bin/notify …'],
    ['exec:notify', 'exec:notify'],
    [
      'smtps://s3cret%40x@mail.example.org/?to=ops@example.org#secret=mail.password',
      'smtps://mail.example.org:465/?to=ops@example.org',
    ],
    [
      'smtp://[::1]:2525/?to=a@example.org,b@example.org&from=p@example.org',
      'smtp://[::1]:2525/?to=a@example.org,b@example.org',
    ],
    ['mailto:ops@example.org', 'smtp://localhost:25/?to=ops@example.org'],
  ]
  for (const [text, name] of good) {
    test(`${name} is its name, which has no secrets, and its text reads back to it`, () => {
      const target = read(text)
      assert.ok(target !== undefined, text)
      assert.equal(alertTargetName(target), name)
      assert.deepEqual(read(alertTargetText(target)), target)
    })
  }

  const bad = [
    'hooks.example.org',
    'https://ann:pw@hooks.example.org/',
    'https://ann@hooks.example.org/',
    'https://hooks.example.org/#teams',
    'https://hooks.example.org/#format=teams',
    'https://hooks.example.org/#slack&x=1',
    'https://hooks.example.org/\n',
    'smtp://ann:pw@mail.example.org/?to=ops@example.org',
    'smtp://mail.example.org/?to=ops',
    'smtp://mail.example.org/?to=ops@example.org&cc=x@example.org',
    'smtp://mail.example.org/?to=%0d%0aBcc:eve@example.org',
    'smtp://mail.example.org/',
    'mailto:ops@example.org?subject=x',
    'exec:',
    'exec:"notify',
    'exec:"notify"x',
    'ftp://a.test/',
    'javascript:x',
  ]
  for (const text of bad) test(`${JSON.stringify(text)} is none`, () => assert.equal(read(text), undefined))

  test('has the shape of its host, of its path, or the one that its fragment names', () => {
    assert.equal(hook('https://hooks.slack-gov.com/x'), 'slack')
    assert.equal(hook('https://open.feishu.cn/open-apis/bot/v2/hook/x'), 'feishu')
    assert.equal(hook('https://open.larksuite.com/open-apis/bot/v2/hook/x'), 'feishu')
    assert.equal(hook('https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x'), 'wecom')
    assert.equal(hook('https://alerts.example.org/am/api/v2/alerts'), 'alertmanager')
    assert.equal(hook('https://chat.example.org/hooks/x#slack'), 'slack')
    assert.equal(hook('https://chat.example.org/hooks/x#format=feishu&secret=f'), 'feishu')
    assert.equal(hook('https://hooks.slack.com.example.org/x'), 'json')
    assert.equal(hook('https://hooks.slack.com/x#json'), 'json')
  })

  test('takes the words of a command as they are: no shell reads them', () => {
    assert.deepEqual(read("exec:/bin/notify  $HOME 'a b' \"it's\" ; `id`"), {
      kind: 'command',
      words: ['/bin/notify', '$HOME', 'a b', "it's", ';', '`id`'],
    })
  })

  test('has the file of its secret relative to where the text stands', () => {
    const target = read('https://hooks.example.org/#secret=hook.secret')
    assert.equal((target as { secretFile: string }).secretFile, '/etc/larder/hook.secret')
  })
})
