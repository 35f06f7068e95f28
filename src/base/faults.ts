/** Every error that Larder names: its code, what a client sees of it, whether it is worth another attempt, whom it concerns. */

/** `at-once`: again without waiting if the connection was a reused one, else back-off; `resume`: by Range or REST. */
export type RetryRule = 'never' | 'back-off' | 'at-once' | 'resume' | 'once'
/** `final`: one alert when the last attempt fails, not one per attempt. */
export type AlertRule = 'none' | 'once' | 'final' | 'each'

export interface FaultRow {
  /** HTTP status sent while nothing else was; `undefined`: no client ever sees it. */
  readonly status: number | undefined
  /** Error type of Proxy-Status (RFC 9209 section 2.3); `undefined`: none is sent. */
  readonly proxyStatus: string | undefined
  readonly retry: RetryRule
  readonly alert: AlertRule
  /** One sentence for people. */
  readonly sentence: string
  /** One line of what to do about it. */
  readonly remedy: string
}

const row = (
  status: number | undefined,
  proxyStatus: string | undefined,
  retry: RetryRule,
  alert: AlertRule,
  sentence: string,
  remedy: string,
): FaultRow => ({ status, proxyStatus, retry, alert, sentence, remedy })

const start = 'proxy_configuration_error'

export const faults = {
  CLIENT_REQUEST_INVALID: row(
    400,
    'http_request_error',
    'never',
    'none',
    'The request is malformed or ambiguous.',
    'Send a well-formed HTTP/1.1 request; for https, use CONNECT.',
  ),
  CLIENT_TIMEOUT: row(
    408,
    'http_request_error',
    'never',
    'none',
    'The request did not arrive in time.',
    'Check the network between the client and the proxy.',
  ),
  CLIENT_URL_DENIED: row(
    403,
    'http_request_denied',
    'never',
    'none',
    'The proxy may not fetch this URL.',
    'Ask for another URL, or change --connect-port, --allow-client or the URL rules.',
  ),
  CLIENT_RATE_LIMITED: row(
    429,
    'http_request_denied',
    'never',
    'none',
    'This client asks too much at once.',
    'Wait as Retry-After says.',
  ),
  CLIENT_AUTH_REQUIRED: row(
    407,
    'http_request_denied',
    'never',
    'none',
    'The proxy wants credentials.',
    'Put user and password into the proxy URL.',
  ),
  CLIENT_MISDIRECTED: row(
    421,
    'http_request_error',
    'never',
    'none',
    'The request names another server than the one its tunnel was opened to.',
    'Open one tunnel per server (CONNECT target, TLS server name and Host must agree).',
  ),
  CLIENT_EXPECTATION_FAILED: row(
    417,
    'http_request_error',
    'never',
    'none',
    'The request expects something other than 100-continue.',
    'Send Expect: 100-continue, or no Expect at all.',
  ),
  CLIENT_LOOP: row(
    502,
    'proxy_loop_detected',
    'never',
    'once',
    'The request came back to this proxy.',
    'Do not use the proxy address as an origin, nor the proxy as its own parent.',
  ),
  CLIENT_ONLY_IF_CACHED: row(
    504,
    'proxy_internal_response',
    'never',
    'none',
    'Nothing usable is stored and the request forbids asking the origin.',
    'Repeat without only-if-cached.',
  ),
  ORIGIN_DNS_TIMEOUT: row(
    504,
    'dns_timeout',
    'back-off',
    'final',
    'The name of the origin could not be resolved in time.',
    'Check the resolver of this machine.',
  ),
  ORIGIN_DNS_FAILED: row(
    502,
    'dns_error',
    'back-off',
    'final',
    'The name of the origin does not resolve.',
    'Check the spelling of the host name and the resolver of this machine.',
  ),
  ORIGIN_ADDRESS_PROHIBITED: row(
    502,
    'destination_ip_prohibited',
    'never',
    'none',
    'The origin has an address that the proxy may not connect to.',
    'If it is meant to be reached, start with --allow-address CIDR.',
  ),
  ORIGIN_CONNECT_REFUSED: row(
    502,
    'connection_refused',
    'back-off',
    'final',
    'The origin refused the connection.',
    'Check that the origin is up and the port is right.',
  ),
  ORIGIN_CONNECT_TIMEOUT: row(
    504,
    'connection_timeout',
    'back-off',
    'final',
    'The origin did not accept the connection in time.',
    'Check that the origin can be reached, or raise --connect-timeout.',
  ),
  ORIGIN_CONNECTION_LOST: row(
    502,
    'connection_terminated',
    'at-once',
    'final',
    'The connection to the origin broke before a response.',
    'Try again.',
  ),
  ORIGIN_READ_TIMEOUT: row(
    504,
    'connection_read_timeout',
    'back-off',
    'final',
    'The origin stopped sending.',
    'Try again, or raise --idle-timeout.',
  ),
  ORIGIN_HEAD_TIMEOUT: row(
    504,
    'http_response_timeout',
    'back-off',
    'final',
    'The origin did not begin to answer in time.',
    'Try again, or raise --head-timeout.',
  ),
  ORIGIN_TLS_CERTIFICATE: row(
    502,
    'tls_certificate_error',
    'never',
    'each',
    'The certificate of the origin cannot be trusted.',
    'If the origin has a private CA, start with --origin-ca FILE.',
  ),
  ORIGIN_TLS_PROTOCOL: row(
    502,
    'tls_protocol_error',
    'never',
    'each',
    'The TLS handshake with the origin failed.',
    'The origin must speak TLS 1.2 or newer.',
  ),
  ORIGIN_RESPONSE_INVALID: row(
    502,
    'http_protocol_error',
    'never',
    'each',
    'The origin sent a malformed response.',
    'Report it to whoever runs the origin.',
  ),
  ORIGIN_TRUNCATED: row(
    502,
    'http_response_incomplete',
    'resume',
    'final',
    'The origin ended the response too early.',
    'Try again.',
  ),
  ORIGIN_HEAD_TOO_LARGE: row(
    502,
    'http_response_header_section_size',
    'never',
    'none',
    'The header section of the origin is too large.',
    'Report it to whoever runs the origin.',
  ),
  ORIGIN_BODY_TOO_LARGE: row(
    502,
    'http_response_body_size',
    'never',
    'none',
    'The content of the origin is too large.',
    'Ask for a smaller object.',
  ),
  ORIGIN_BUSY: row(
    503,
    'connection_limit_reached',
    'never',
    'none',
    'Too many requests wait for this origin.',
    'Wait as Retry-After says.',
  ),
  ORIGIN_CIRCUIT_OPEN: row(
    503,
    'destination_unavailable',
    'never',
    'once',
    'The origin failed repeatedly and is left alone for a while.',
    'Wait as Retry-After says.',
  ),
  ORIGIN_PARENT_FAILED: row(
    503,
    'destination_unavailable',
    'back-off',
    'final',
    'No parent proxy could lead to the origin.',
    'Check the parents (larder status), or let `direct` be the last --parent.',
  ),
  ORIGIN_PARENT_REFUSED: row(
    403,
    'http_request_denied',
    'never',
    'none',
    'The parent proxy does not lead to this origin.',
    'Ask whoever runs the parent, or name the host with --no-proxy.',
  ),
  ORIGIN_OFFLINE: row(
    504,
    'proxy_internal_response',
    'never',
    'none',
    'The proxy is offline and has nothing stored that it may serve.',
    'Ask again without --offline, or store it before.',
  ),
  ORIGIN_FTP_TRANSIENT: row(
    503,
    'destination_unavailable',
    'back-off',
    'final',
    'The FTP server asks to come back later.',
    'Try again.',
  ),
  ORIGIN_FTP_NOT_FOUND: row(404, undefined, 'never', 'none', 'The FTP server has no such file.', 'Check the path.'),
  ORIGIN_FTP_LOGIN: row(
    502,
    'http_request_error',
    'never',
    'each',
    'The FTP server refused the login.',
    'Put a login for this server into a file of --ftp-credentials, or correct it there.',
  ),
  CONTENT_DIGEST_MISMATCH: row(
    502,
    'proxy_internal_response',
    'once',
    'each',
    'The content does not have the expected digest.',
    'Check the expected digest, then the origin.',
  ),
  CONTENT_CHANGED: row(
    502,
    'proxy_internal_response',
    'once',
    'each',
    'Content that must never change has changed.',
    'Compare both versions before trusting either.',
  ),
  STORE_NO_SPACE: row(
    undefined,
    undefined,
    'never',
    'each',
    'The store has no space left.',
    'Free space in the data folder.',
  ),
  STORE_BUSY: row(
    undefined,
    undefined,
    'never',
    'none',
    'More content comes at once than the store can make room for.',
    'Nothing: it is passed on and not stored. A larger --quota has room for more at once.',
  ),
  STORE_TOO_LARGE: row(
    undefined,
    undefined,
    'never',
    'none',
    'The content is too large for the store.',
    'Nothing: it is passed on and not stored. A tenth of --quota may be one object.',
  ),
  STORE_IO: row(
    undefined,
    undefined,
    'never',
    'each',
    'The store cannot be read or written.',
    'Check the disk and the permissions of the data folder.',
  ),
  STORE_BLOB_MISSING: row(
    undefined,
    undefined,
    'never',
    'each',
    'A stored response names content that is gone.',
    'Nothing: it is fetched again.',
  ),
  STORE_BLOB_CORRUPT: row(
    undefined,
    undefined,
    'never',
    'each',
    'Stored content is damaged.',
    'Check the disk; the content is fetched again.',
  ),
  STORE_INDEX_DOWN: row(
    undefined,
    undefined,
    'never',
    'each',
    'The response index cannot be reached.',
    'Check the server that --index names.',
  ),
  STORE_LAYOUT_UNKNOWN: row(
    undefined,
    start,
    'never',
    'none',
    'The data folder was written by a newer version.',
    'Use that version, or another --data folder.',
  ),
  STORE_IN_USE: row(
    undefined,
    start,
    'never',
    'none',
    'Another process uses the data folder.',
    'Stop it, or choose another --data folder.',
  ),
  STORE_UNWRITABLE: row(
    undefined,
    start,
    'never',
    'none',
    'The data folder cannot be written.',
    'Choose another --data folder or change its owner.',
  ),
  LISTEN_FAILED: row(
    undefined,
    start,
    'never',
    'none',
    'The address cannot be listened on.',
    'Stop the program that owns it, or choose another --listen.',
  ),
  CA_MISSING: row(undefined, start, 'never', 'none', 'There is no CA in the CA folder.', 'Make one: larder ca init.'),
  CA_KEY_EXPOSED: row(
    undefined,
    start,
    'never',
    'none',
    'Others can read the key of the CA, or it is not yours.',
    'chmod 0600 the key and 0700 its folder, or make a new CA if it may have leaked.',
  ),
  CA_UNREADABLE: row(
    undefined,
    start,
    'never',
    'none',
    'The CA certificate or its key cannot be read.',
    'Check owner and content of ca.pem and ca.key, or make a new CA.',
  ),
  CA_EXPIRED: row(undefined, start, 'never', 'none', 'The CA has expired.', 'Make a new one and trust it.'),
  CONFIG_UNKNOWN_OPTION: row(undefined, start, 'never', 'none', 'There is no such option.', 'See larder serve --help.'),
  CONFIG_BAD_VALUE: row(
    undefined,
    start,
    'never',
    'none',
    'The value of an option is not of its kind.',
    'See larder serve --help.',
  ),
  CONFIG_CONFLICT: row(undefined, start, 'never', 'none', 'Two options contradict each other.', 'Remove one of them.'),
  CA_ISSUE_FAILED: row(
    500,
    'proxy_internal_error',
    'never',
    'each',
    'No certificate could be issued for the server.',
    'Report it with the log line.',
  ),
  INTERNAL_UNEXPECTED: row(
    500,
    'proxy_internal_error',
    'never',
    'each',
    'The proxy made a mistake.',
    'Report it with the log line.',
  ),
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof faults

/** An error with a code of the catalogue. `message` is what is particular: which input, why. */
export class Fault extends Error {
  readonly code: FaultCode
  /** The proxy or server that the request had been sent on to, as `host:port`, where that is not the origin. */
  readonly nextHop: string | undefined

  constructor(code: FaultCode, message: string, options?: { cause?: unknown; nextHop?: string | undefined }) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
    this.nextHop = options?.nextHop
  }

  get row(): FaultRow {
    return faults[this.code]
  }
}

/** The fault that `error` is, or an unexpected one around it. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Fault('INTERNAL_UNEXPECTED', message, { cause: error })
}
