import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HostPort } from '../config/settings.ts'
import { allowedMethods } from '../http/max-forwards.ts'

/** Answers requests that are for the proxy itself: a help page, the CA certificate, a PAC file (INTERFACE section 4). */
export function answerHelp(
  request: IncomingMessage,
  response: ServerResponse,
  local: HostPort,
  caPem: string | undefined,
): void {
  const proxy = `${local.host.includes(':') ? `[${local.host}]` : local.host}:${local.port}`
  if (request.method === 'OPTIONS')
    return void response.writeHead(200, { Allow: allowedMethods, 'Content-Length': 0 }).end()
  const read = request.method === 'GET' || request.method === 'HEAD'
  if (!read) return send(response, 405, 'text/plain; charset=utf-8', 'The proxy itself answers only GET and HEAD.\n')
  switch (request.url) {
    case '/':
      return send(response, 200, 'text/plain; charset=utf-8', helpText(proxy, caPem !== undefined))
    case '/ca.pem':
      if (caPem === undefined)
        return send(response, 404, 'text/plain; charset=utf-8', 'There is no CA: larder ca init.\n')
      return send(response, 200, 'application/x-pem-file', caPem)
    case '/proxy.pac':
    case '/wpad.dat':
      return send(response, 200, 'application/x-ns-proxy-autoconfig', pac(proxy))
    case '/apt-proxy-detect':
      return send(response, 200, 'text/x-shellscript; charset=utf-8', aptProxyDetect(proxy))
    default:
      return send(
        response,
        400,
        'text/plain; charset=utf-8',
        `CLIENT_REQUEST_INVALID: this is a forward proxy; it has no page of that name.\nSet http_proxy and https_proxy to http://${proxy}/ and ask for the full URL.\n`,
      )
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    ...(status >= 400 ? { Connection: 'close' } : {}),
  })
  response.end(text)
}

function helpText(proxy: string, hasCa: boolean): string {
  const url = `http://${proxy}`
  return `Larder: a forward caching proxy for builds.

  export http_proxy=${url} https_proxy=${url} ftp_proxy=${url}
${
  hasCa
    ? `  curl -f --noproxy '*' -o larder-ca.pem ${url}/ca.pem

  curl --cacert larder-ca.pem https://example.org/
  wget --ca-certificate=larder-ca.pem https://example.org/
  npm config set cafile $PWD/larder-ca.pem
  apt-get -o Acquire::http::Proxy=${url} -o Acquire::https::CAInfo=$PWD/larder-ca.pem update
  pip --cert larder-ca.pem download example
  git -c http.sslCAInfo=$PWD/larder-ca.pem clone https://example.org/repository.git
  NODE_EXTRA_CA_CERTS=$PWD/larder-ca.pem yarn install
  SSL_CERT_FILE=$PWD/larder-ca.pem go mod download
  CARGO_HTTP_CAINFO=$PWD/larder-ca.pem cargo fetch
  composer config --global cafile $PWD/larder-ca.pem

  On a machine with Larder all of that in one: larder run -- COMMAND
`
    : '  There is no CA, so https is passed through unread and not stored. Make one: larder ca init\n'
}
  apt through the proxy while it is there, directly while it is not; as root:
    curl -f --noproxy '*' -o /usr/local/bin/apt-proxy-detect ${url}/apt-proxy-detect
    chmod 755 /usr/local/bin/apt-proxy-detect
    echo 'Acquire::http { Proxy "${url}"; Proxy-Auto-Detect "/usr/local/bin/apt-proxy-detect"; };' >/etc/apt/apt.conf.d/30larder

  PAC file: ${url}/proxy.pac
`
}

function pac(proxy: string): string {
  return `function FindProxyForURL(url, host) {
  if (isPlainHostName(host) || host === "localhost" || shExpMatch(host, "127.*")) return "DIRECT";
  return "PROXY ${proxy}; DIRECT";
}
`
}

/**
 * Needs only what every Debian system has: coreutils and bash are essential packages. apt asks the script before each file as
 * long as it says nothing, and holds on to whatever it says: so it speaks only when the proxy is gone.
 */
function aptProxyDetect(proxy: string): string {
  const found = /^\[?(.*?)\]?:(\d+)$/.exec(proxy)!
  return `#!/bin/sh
# For Acquire::http::Proxy-Auto-Detect of apt, beside Acquire::http::Proxy.
# Says nothing while the proxy accepts connections, and DIRECT when it does not: a build does not fail for want of a cache.
timeout 2 bash -c ': </dev/tcp/${found[1]}/${found[2]}' 2>/dev/null || echo DIRECT
`
}
