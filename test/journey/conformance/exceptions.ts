/** Why Larder does not show a behaviour that the suite requires, and exactly what is seen instead. */
export interface Exception {
  /** Names the text that decides against the suite. */
  readonly reason: string
  /** The suite's message. */
  readonly message: string
  /** Statuses of the test's responses, in order. */
  readonly statuses: readonly number[]
}

const ownRefusal: Exception = {
  reason:
    'No proxy can pass. Nothing stale is served: the second response is a 502 of our own, as RFC 9111 §5.2.2.2 has it ' +
    '(504, or another error). The suite looks in it for a field that only its own server sends, and takes its absence ' +
    'for a response from the store.',
  message: 'Response 2 comes from cache',
  statuses: [200, 502],
}

const overlong: Exception = {
  reason:
    'The suite sends 36 bytes behind a Content-Length of 5 or 10. Bytes behind the declared end make a response malformed ' +
    '(RFC 9112 §6.3, §11.2): either the length is wrong, and the content is cut, or the rest is somebody else’s response. ' +
    'Larder neither passes it on as complete nor stores it.',
  message: 'Error: socket hang up',
  statuses: [],
}

/**
 * Required behaviours of the suite that Larder does not show. An entry whose behaviour is shown after all, or is missing in
 * another way than it is written here, fails the tests: the list can neither grow old nor hide anything new.
 */
export const exceptions: Readonly<Record<string, Exception>> = {
  'stale-close-must-revalidate': ownRefusal,
  'stale-close-proxy-revalidate': ownRefusal,
  'stale-close-no-cache': ownRefusal,
  'stale-close-s-maxage=2': ownRefusal,
  'age-parse-prefix': {
    reason:
      'The test contradicts its own name and its twin. It wants `Age: 0,7200` to be fresh, while age-parse-prefix-twoline ' +
      'wants the same two members on two lines to be stale; RFC 9110 §5.3 makes both the same. Larder takes both as stale.',
    message: 'Response 2 does not come from cache',
    statuses: [200, 200],
  },
  'headers-store-Content-Length': overlong,
  '304-etag-update-response-Content-Length': overlong,
  'headers-store-Transfer-Encoding': {
    reason:
      'The suite answers with both a Content-Length and an unknown transfer coding. RFC 9112 §6.3 calls that a likely ' +
      'attempt to smuggle or split; Larder passes on nothing whose end is in doubt.',
    message: 'setup: Response 1 status is 502, not 200',
    statuses: [502],
  },
  '304-etag-update-response-ETag': {
    reason:
      'The suite answers a condition with a 304 that has another strong entity tag. RFC 9111 §4.3.4: such a 304 selects ' +
      'no stored response and must not update one. Larder asks again without a condition; the suite forbids to ask twice.',
    message: 'setup: retry',
    statuses: [200, 999],
  },
}
