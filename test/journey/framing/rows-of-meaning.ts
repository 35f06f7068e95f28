import { forwarded, type Place, type Row, refused, request } from './row.ts'

const hosts = 'RFC 9112 section 3.2'
const nominated = 'RFC 9110 section 7.6.1'

const withHost =
  (...fields: readonly string[]) =>
  (place: Place, path: string): string =>
    request(place, path, { host: false, fields })

const withField =
  (...fields: readonly string[]) =>
  (place: Place, path: string): string =>
    request(place, path, { fields })

/** Whom a request is for, and what its fields may do to the connection. */
export const meaningRows: readonly Row[] = [
  refused('host-twice', 'a second Host', hosts, withField('Host: other.test')),
  refused('host-twice-same', 'a Host that is repeated', hosts, (place, path) =>
    withField(`Host: ${place.host}`)(place, path),
  ),
  refused('host-missing', 'HTTP/1.1 without Host', hosts, withHost()),
  refused('host-empty', 'an empty Host', hosts, withHost('Host:')),
  refused('host-userinfo', 'a Host with userinfo', hosts, (place, path) =>
    withHost(`Host: a@${place.host}`)(place, path),
  ),
  refused('host-path', 'a Host with a path', hosts, (place, path) => withHost(`Host: ${place.host}/x`)(place, path)),
  refused('host-list', 'a Host that is a list', hosts, (place, path) =>
    withHost(`Host: ${place.host}, other.test`)(place, path),
  ),
  refused('host-space', 'a Host with a space', hosts, (place, path) => withHost(`Host: ${place.host} x`)(place, path)),
  refused('host-port', 'a Host whose port is no number', hosts, withHost('Host: localhost:80a')),
  refused('target-userinfo', 'userinfo in the target', 'RFC 9110 section 4.2.4', (place, path) =>
    request(place, path, { target: place.url(path).replace('://', '://user@') }),
  ),
  refused('target-no-host', 'a target without host', 'RFC 9110 section 4.2.1', (place, path) =>
    request(place, path, { target: `http://${path}` }),
  ),
  refused('target-no-scheme', 'a target that is neither a path nor absolute', hosts, (place, path) =>
    request(place, path, { target: `${place.host}${path}` }),
  ),
  refused('target-backslash', 'a backslash for the host', hosts, (place, path) =>
    request(place, path, { target: place.url(path).replace(/([^:/])\//, '$1\\@other.test/') }),
  ),
  refused('asterisk-get', 'an asterisk with another method than OPTIONS', 'RFC 9112 section 3.2.4', (place, path) =>
    request(place, path, { target: '*' }),
  ),
  refused(
    'host-other',
    'a Host for another server inside a tunnel',
    'RFC 9110 section 7.4',
    withHost('Host: other.test'),
    { status: 421, on: 'tunnel' },
  ),
  refused(
    'target-other',
    'an absolute target for another server inside a tunnel',
    'RFC 9110 section 7.4',
    (place, path) => request(place, path, { target: `http://other.test${path}` }),
    { status: 421, on: 'tunnel' },
  ),
  refused(
    'connect-inside',
    'CONNECT inside a tunnel',
    'RFC 9110 section 9.3.6',
    (place) => `CONNECT ${place.host} HTTP/1.1\r\nHost: ${place.host}\r\n\r\n`,
    { on: 'tunnel' },
  ),
  refused(
    'connect-length',
    'CONNECT with content',
    'RFC 9110 section 9.3.6',
    (place) =>
      `CONNECT ${place.host} HTTP/1.1\r\nHost: ${place.host}\r\nContent-Length: 50\r\n\r\n${request(place, '/hidden', { target: '/hidden' })}`,
    { on: 'proxy port' },
  ),
  refused(
    'connect-chunked',
    'CONNECT with chunked content',
    'RFC 9110 section 9.3.6',
    (place) => `CONNECT ${place.host} HTTP/1.1\r\nHost: ${place.host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    { on: 'proxy port' },
  ),
  refused(
    'connect-hosts',
    'CONNECT with two Hosts',
    hosts,
    (place) => `CONNECT ${place.host} HTTP/1.1\r\nHost: ${place.host}\r\nHost: other.test\r\n\r\n`,
    { on: 'proxy port' },
  ),
  refused(
    'connection-cl',
    'Connection that names Content-Length',
    nominated,
    withField('Connection: close, content-length'),
  ),
  refused('connection-host', 'Connection that names Host', nominated, withField('Connection: host')),
  refused(
    'connection-te',
    'Connection that names Transfer-Encoding',
    nominated,
    withField('Connection: transfer-encoding'),
  ),
  refused(
    'connection-authorization',
    'Connection that names Authorization',
    nominated,
    withField('Authorization: a', 'Connection: authorization'),
  ),
  refused(
    'authorization-twice',
    'a second Authorization',
    'RFC 9110 section 5.3',
    withField('Authorization: a', 'Authorization: b'),
  ),
  refused('range-twice', 'a second Range', 'RFC 9110 section 5.3', withField('Range: bytes=0-1', 'Range: bytes=2-3')),
  refused(
    'expect-odd',
    'an expectation that nobody can meet',
    'RFC 9110 section 10.1.1',
    withField('Expect: a-miracle'),
    { status: 417 },
  ),
  refused(
    'expect-list',
    'an expectation beside 100-continue',
    'RFC 9110 section 10.1.1',
    withField('Expect: 100-continue, a-miracle'),
    { status: 417 },
  ),
  refused(
    'expect-1-0',
    'an odd expectation in HTTP/1.0',
    'RFC 9110 section 10.1.1',
    (place, path) => request(place, path, { version: 'HTTP/1.0', fields: ['Expect: a-miracle'] }),
    { status: 417 },
  ),
  forwarded(
    'host-differs',
    'a Host that differs from the absolute target is written anew',
    'RFC 9112 section 3.2.2',
    withHost('Host: other.test'),
    {},
    'proxy port',
  ),
  forwarded(
    'target-absolute',
    'an absolute target inside its tunnel is forwarded as a path',
    'RFC 9112 section 3.2.2',
    (place, path) => request(place, path, { target: place.url(path) }),
    {},
    'tunnel',
  ),
  forwarded(
    'h2c',
    'an upgrade to h2c is not asked of the origin',
    'RFC 9113 section 3.1',
    withField('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  ),
  forwarded(
    'upgrade-post',
    'an upgrade of a request with content is not asked of the origin',
    'RFC 9110 section 7.8',
    (place, path) =>
      request(place, path, {
        method: 'POST',
        fields: ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'],
        body: 'hello',
      }),
    { method: 'POST', body: 'hello' },
  ),
  forwarded(
    'upgrade-unnamed',
    'an Upgrade that Connection does not name is dropped',
    'RFC 9110 section 7.8',
    withField('Upgrade: websocket'),
  ),
  forwarded(
    'te-trailers',
    'TE and Trailer stay on this connection',
    'RFC 9110 section 10.1.4',
    withField('Connection: TE', 'TE: trailers, chunked;q=0', 'Trailer: X-A'),
  ),
  forwarded(
    'proxy-fields',
    'fields for proxies stay here',
    'RFC 9110 section 11.7.2',
    withField('Proxy-Authorization: Basic YTpi', 'Proxy-Connection: keep-alive', 'Keep-Alive: 5'),
  ),
  forwarded('version-1-0', 'HTTP/1.0 is forwarded as HTTP/1.1', 'RFC 9110 section 2.5', (place, path) =>
    request(place, path, { version: 'HTTP/1.0', fields: ['Connection: keep-alive'] }),
  ),
]
