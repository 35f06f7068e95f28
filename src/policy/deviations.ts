/** One way in which the profile `builds` goes beyond RFC 9111 or fills what it leaves open. */
export interface Deviation {
  /** What is done, in one sentence. */
  readonly sentence: string
  /** Sections of RFC 9111 that say otherwise, or leave it to the cache. */
  readonly section: string
  /** The steps of the pipeline in which it acts. */
  readonly steps: readonly string[]
  /** Why builds want it. */
  readonly reason: string
}

/** Every deviation: a closed table. Under the profile `standards` none of them acts. */
export const deviations = {
  'immutable-lifetime': {
    sentence:
      'Content that a class rule calls immutable is fresh for ever, however short the lifetime its origin gives; one of 0 is heeded.',
    section: '4.2.1',
    steps: ['lookup', 'judge'],
    reason: 'A released file under a versioned name never changes; asking again can only fail.',
  },
  'class-lifetime': {
    sentence: 'Where the origin gives no lifetime, that of the class rule takes the place of the heuristic one.',
    section: '4.2.2',
    steps: ['lookup', 'judge'],
    reason: 'A tenth of the time since the last change says little about an index or an archive.',
  },
  'negative-lifetime': {
    sentence:
      'A 404 or 410 without a lifetime is fresh for as long as its class rule says, a 404 of which nothing is known for 10 s.',
    section: '4.2.2',
    steps: ['lookup', 'judge'],
    reason:
      'Tools look for the same missing files over and over within seconds; a file that was just published must be seen soon.',
  },
  'negative-cap': {
    sentence:
      'A 404 or 410 is fresh for 60 s at most, or for as long as its class rule says when that is longer, whatever its origin gives.',
    section: '4.2.1',
    steps: ['lookup', 'judge'],
    reason: 'A missing file that appears later must not stay missing for hours.',
  },
  'immutable-ignores-request': {
    sentence:
      'For content that a class rule calls immutable, Cache-Control and Pragma of the request change nothing but no-store and only-if-cached.',
    section: '5.2.1',
    steps: ['lookup'],
    reason: 'Package managers ask for validation by habit, also of files that cannot change.',
  },
  'validation-pause': {
    sentence:
      "A request's no-cache and max-age are heeded once in 10 s for content of the classes revalidate and ttl; in between what was just validated will do.",
    section: '5.2.1.1, 5.2.1.4',
    steps: ['lookup'],
    reason:
      'A build of many parallel jobs, each asking for validation, puts one question to the origin and not hundreds.',
  },
  'class-stale-if-error': {
    sentence:
      'When the origin fails, content of the classes immutable and revalidate stands in for it until 24 h after its lifetime, unless its origin forbids stale use.',
    section: '4.2.4',
    steps: ['revalidate', 'join'],
    reason: 'A build goes on while a registry is down.',
  },
  'stale-despite-no-cache': {
    sentence:
      "When the origin fails, content of the classes immutable and revalidate stands in for it even against the request's no-cache.",
    section: '5.2.1.4',
    steps: ['revalidate', 'join'],
    reason: 'Clients that always send no-cache would else never be helped.',
  },
  'guarded-urls': {
    sentence:
      'URLs with a password or a token in their query, with dot segments, or of the administration of an object store go past the store.',
    section: '3',
    steps: ['classify', 'judge'],
    reason: 'Their answers are for one client alone, whatever the origin says.',
  },
  'credentials-pass-by': {
    sentence: 'Requests with Authorization or Cookie go past the store.',
    section: '3.5',
    steps: ['classify', 'judge'],
    reason: 'Origins that forget to say private would else hand one client what was meant for another.',
  },
  'errors-not-stored': {
    sentence: 'Of the responses that are no success only 300, 301, 308, 404 and 410 are stored.',
    section: '3',
    steps: ['judge'],
    reason: 'An error of the moment must not outlive the moment.',
  },
  'cookies-not-stored': {
    sentence: 'Responses with Set-Cookie are not stored.',
    section: '7.3',
    steps: ['judge'],
    reason: 'A cookie is made for one client, and origins seldom say so; no file of a package needs one.',
  },
  'equal-names': {
    sentence:
      'Spellings of a path that mean the same to the ecosystem of a class rule share one key, such as %2B and + in the pool of an apt archive.',
    section: '2',
    steps: ['classify'],
    reason: 'Two clients that write one name in two ways get one stored response.',
  },
  'public-signature': {
    sentence:
      'The signature in a URL is left out of the key when a redirect that everybody gets, or a rule of the user, proves that everybody may read the object.',
    section: '2',
    steps: ['classify'],
    reason: 'Object stores sign every download anew; without this no download would ever be found again.',
  },
  'user-rules': {
    sentence: 'Rules of the configuration file drop or keep query parameters and fold mirrors when keys are made.',
    section: '2',
    steps: ['classify'],
    reason: 'The operator knows which URLs have the same content.',
  },
  'redirects-followed': {
    sentence:
      'Redirects of download pages that a class rule knows are followed for the client, and the content is stored under the URL that was asked.',
    section: '2',
    steps: ['fetch', 'revalidate'],
    reason: 'The page sends every client to another signed URL; so the file is found again without asking the page.',
  },
  mirrors: {
    sentence:
      'When an origin cannot deliver, an equivalent one that a rule of the configuration file names is asked, and its content stored under the URL that was asked.',
    section: '2',
    steps: ['fetch', 'revalidate'],
    reason: 'The operator knows where else the same files are.',
  },
  'whole-for-range': {
    sentence: 'For a range of something that is not stored the whole is fetched, and the range answered from it.',
    section: '3.3',
    steps: ['fetch'],
    reason: 'Who comes next wants another range or all of it.',
  },
  'identity-coding': {
    sentence:
      'Files that are compressed already are asked for with Accept-Encoding: identity, whatever codings the client accepts.',
    section: '4.1',
    steps: ['fetch', 'revalidate'],
    reason: 'One stored response serves all clients, and its digest is that of the file.',
  },
} as const satisfies Record<string, Deviation>

export type DeviationId = keyof typeof deviations

/** The ids in the order of the table, each once. */
export function inOrder(ids: Iterable<DeviationId>): DeviationId[] {
  const wanted = new Set(ids)
  return (Object.keys(deviations) as DeviationId[]).filter((id) => wanted.has(id))
}
