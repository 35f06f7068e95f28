import { type Place, type Row, request } from './row.ts'

const order = 'RFC 9112 section 9.3.2'

const post = (place: Place, path: string, fields: readonly string[], body: string): string =>
  request(place, path, { method: 'POST', fields, body })
const hidden = (place: Place): string => request(place, '/hidden')

/** More than one message in the same bytes. */
export const pipelineRows: readonly Row[] = [
  {
    id: 'pipe-two',
    title: 'two requests in one piece are two requests',
    why: order,
    bytes: (place) => request(place, '/pipe-two?1') + request(place, '/pipe-two?2'),
    answers: [200, 200],
    seen: [
      { method: 'GET', target: '/pipe-two?1' },
      { method: 'GET', target: '/pipe-two?2' },
    ],
  },
  {
    id: 'pipe-post',
    title: 'a request behind the content of another one is a request of its own',
    why: order,
    bytes: (place) => post(place, '/pipe-post?1', ['Content-Length: 5'], 'hello') + request(place, '/pipe-post?2'),
    answers: [200, 200],
    seen: [
      { method: 'POST', target: '/pipe-post?1', body: 'hello' },
      { method: 'GET', target: '/pipe-post?2' },
    ],
  },
  {
    id: 'pipe-inside',
    title: 'a request that is content stays content',
    why: 'RFC 9112 section 6.3 item 6',
    bytes: (place) => {
      const content = 'GET /inner HTTP/1.1\r\nHost: other.test\r\n\r\n'
      return post(place, '/pipe-inside', [`Content-Length: ${content.length}`], content)
    },
    answers: [200],
    seen: [{ method: 'POST', target: '/pipe-inside', body: 'GET /inner HTTP/1.1\r\nHost: other.test\r\n\r\n' }],
  },
  {
    id: 'pipe-after-refusal',
    title: 'a request behind a refused one is not read',
    why: 'RFC 9112 section 9.6',
    bytes: (place) => request(place, '/refused', { fields: ['Connection: host'] }) + hidden(place),
    answers: [400],
    seen: [],
  },
  {
    id: 'pipe-after-expectation',
    title: 'a request behind one whose expectation failed is not read',
    why: 'RFC 9112 section 9.6',
    bytes: (place) => request(place, '/refused', { fields: ['Expect: x'] }) + hidden(place),
    answers: [417],
    seen: [],
  },
  {
    id: 'pipe-garbage',
    title: 'an answered request is answered before the garbage behind it is refused',
    why: order,
    bytes: (place) => `${request(place, '/pipe-garbage')}\x00garbage\r\n\r\n`,
    answers: [200, 400],
    seen: [{ method: 'GET', target: '/pipe-garbage' }],
  },
  {
    id: 'pipe-ambiguous',
    title: 'an answered request is answered before the ambiguous one behind it is refused',
    why: order,
    bytes: (place) =>
      request(place, '/pipe-ambiguous') +
      post(place, '/x', ['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n') +
      hidden(place),
    answers: [200, 400],
    seen: [{ method: 'GET', target: '/pipe-ambiguous' }],
  },
  {
    id: 'pipe-excess',
    title: 'bytes behind a declared length are the next request, not content',
    why: 'RFC 9112 section 6.3 item 6',
    bytes: (place) => post(place, '/pipe-excess', ['Content-Length: 5'], `hello${'XX'} /x\r\n\r\n`),
    answers: [200, 400],
    seen: [{ method: 'POST', target: '/pipe-excess', body: 'hello' }],
  },
  {
    id: 'pipe-bad-chunk',
    title: 'a request with broken content is refused after the one before it was answered',
    why: 'RFC 9112 section 7.1',
    bytes: (place) =>
      request(place, '/pipe-bad-chunk') + post(place, '/x', ['Transfer-Encoding: chunked'], 'zz\r\n') + hidden(place),
    answers: [200, 400],
    seen: [{ method: 'GET', target: '/pipe-bad-chunk' }],
  },
  {
    id: 'pipe-connect',
    title: 'CONNECT behind a request inside a tunnel is refused after that was answered',
    why: order,
    bytes: (place) => `${request(place, '/pipe-connect')}CONNECT ${place.host} HTTP/1.1\r\nHost: ${place.host}\r\n\r\n`,
    answers: [200, 400],
    seen: [{ method: 'GET', target: '/pipe-connect' }],
    on: 'tunnel',
  },
  {
    id: 'pipe-after-close',
    title: 'nothing is read behind a request that closes its connection',
    why: 'RFC 9112 section 9.6',
    bytes: (place) => request(place, '/pipe-after-close', { fields: ['Connection: close'] }) + hidden(place),
    answers: [200],
    closes: true,
    seen: [{ method: 'GET', target: '/pipe-after-close' }],
  },
]
