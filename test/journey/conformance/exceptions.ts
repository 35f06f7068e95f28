/**
 * Required behaviours of the suite that Larder does not show, each with its reason. A reason names the text that decides
 * against the suite. An entry whose behaviour is shown after all fails the tests, so that the list cannot grow old.
 */
export const exceptions: Readonly<Record<string, string>> = {
  'headers-store-Transfer-Encoding':
    'The suite answers with both a Content-Length and an unknown transfer coding. RFC 9112 §6.3 lets a recipient take ' +
    'that for an attempt to split responses; Larder passes on nothing whose end is in doubt (502).',
  '304-etag-update-response-ETag':
    'The suite answers a condition with a 304 that has another strong entity tag. RFC 9111 §4.3.4: such a 304 must not ' +
    'update the stored response; Larder asks again without a condition, which the suite cannot judge.',
}
