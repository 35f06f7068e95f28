import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { connectFault, connectTimeout } from '../../../src/upstream/connect-faults.ts'

const errorOf = (code: string, message = 'something'): Error => Object.assign(new Error(message), { code })

test('an error while connecting is named by its cause', () => {
  for (const [code, stage, expected] of [
    ['ENOTFOUND', 'name', 'ORIGIN_DNS_FAILED'],
    ['EAI_AGAIN', 'name', 'ORIGIN_DNS_TIMEOUT'],
    ['EAI_FAIL', 'name', 'ORIGIN_DNS_FAILED'],
    ['ECONNREFUSED', 'address', 'ORIGIN_CONNECT_REFUSED'],
    ['EHOSTUNREACH', 'address', 'ORIGIN_CONNECT_REFUSED'],
    ['ETIMEDOUT', 'address', 'ORIGIN_CONNECT_TIMEOUT'],
    ['ECONNRESET', 'tls', 'ORIGIN_CONNECTION_LOST'],
    ['CERT_HAS_EXPIRED', 'tls', 'ORIGIN_TLS_CERTIFICATE'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'ORIGIN_TLS_CERTIFICATE'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'ORIGIN_TLS_PROTOCOL'],
    ['EPROTO', 'tls', 'ORIGIN_TLS_PROTOCOL'],
  ] as const) {
    assert.equal(connectFault(errorOf(code), stage, 'a.test:443').code, expected, code)
  }
})

test('an alert about our certificate is not a fault of the origin certificate', () => {
  const alert = errorOf('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required')
  assert.equal(connectFault(alert, 'tls', 'a.test:443').code, 'ORIGIN_TLS_PROTOCOL')
  const weak = errorOf('ERR_SSL_EE_KEY_TOO_SMALL', 'ee key too small')
  assert.equal(connectFault(weak, 'tls', 'a.test:443').code, 'ORIGIN_TLS_CERTIFICATE')
})

test('a fault stays what it is, and other faults name the origin', () => {
  const fault = new Fault('CLIENT_LOOP', 'that is us')
  assert.equal(connectFault(fault, 'name', 'a.test:80'), fault)
  assert.match(
    connectFault(errorOf('ECONNREFUSED', 'refused'), 'address', 'a.test:80').message,
    /^a\.test:80: refused$/,
  )
})

test('what was not there in time is named by what it was waiting for', () => {
  assert.equal(connectTimeout('name', 'a.test:80', 5).code, 'ORIGIN_DNS_TIMEOUT')
  assert.equal(connectTimeout('address', 'a.test:80', 5).code, 'ORIGIN_CONNECT_TIMEOUT')
  assert.equal(connectTimeout('tls', 'a.test:80', 5).code, 'ORIGIN_CONNECT_TIMEOUT')
})
