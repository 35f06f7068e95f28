import type { SignatureFamilyName } from '../config/signature-families.ts'
import {
  cloudFrontPolicy,
  dateAndSeconds,
  type Expiry,
  earliest,
  epochIn,
  epochWithin,
  isoIn,
  type ParameterOf,
  tokenIn,
} from './signature-expiry.ts'

/** One way to put the right to read an object into its URL's query. */
export interface SignatureFamily {
  readonly name: SignatureFamilyName
  /** Hosts whose objects are the same whatever these parameters say: a name, or `*.` and what it ends in. */
  readonly hosts: readonly string[]
  /** Sets of parameters: a URL with all of one set is signed in this way. */
  readonly marks: readonly (readonly string[])[]
  /** The signature and what was signed with it. No parameter that is not here is ever left out of a key. */
  readonly drop: readonly string[]
  readonly expiry: Expiry
}

export interface Signature {
  readonly family: SignatureFamily
  /** Milliseconds since the epoch; `undefined`: the URL does not say when it ends. */
  readonly expiresAt: number | undefined
}

const words = (text: string): readonly string[] => text.split(' ')

const s3v4 = words(
  'X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature X-Amz-Security-Token X-Amz-Content-Sha256 X-Amz-Checksum-Mode x-id',
)
const azure = words('sv ss srt sr sp spr st se sip si sig skoid sktid skt ske sks skv saoid suoid scid sdd ses')
const s3Hosts = words(
  '*.amazonaws.com *.r2.cloudflarestorage.com storage.googleapis.com *.storage.googleapis.com *.digitaloceanspaces.com *.backblazeb2.com *.wasabisys.com *.bcebos.com *.myhuaweicloud.com *.hf.co',
)
const s3Expiry = dateAndSeconds('X-Amz-Date', 'X-Amz-Expires')

/**
 * Parameters that select the bytes or the fields of the response (a version, a part, a transformation, a file name to be
 * sent): in no row's `drop`, whatever signs them.
 */
export const contentParameters: readonly string[] = words(
  'versionId partNumber generation alt userProject snapshot versionid comp restype d list-type prefix uploads acl x-oss-process x-image-process ci-process imageMogr2 X-Xet-Signed-Range response-content-encoding response-content-disposition response-content-type response-content-language response-cache-control response-expires rscc rscd rsce rscl rsct',
)

/** The closed table; the first row with the host and a mark counts. */
export const signatureFamilies: readonly SignatureFamily[] = [
  {
    name: 'github-release',
    hosts: ['release-assets.githubusercontent.com'],
    marks: [['jwt', 'sig']],
    drop: [...azure, 'jwt'],
    expiry: earliest(isoIn('se'), tokenIn('jwt')),
  },
  {
    name: 'github-s3',
    hosts: words(
      'objects.githubusercontent.com github-releases.githubusercontent.com github-cloud.githubusercontent.com github-cloud.s3.amazonaws.com',
    ),
    marks: [['X-Amz-Signature', 'key_id']],
    drop: [...s3v4, 'actor_id', 'key_id', 'repo_id'],
    expiry: s3Expiry,
  },
  {
    name: 'quay',
    hosts: ['*.quay.io'],
    marks: [['akamai_signature'], ['cf_sign'], ['X-Amz-Signature', 'namespace']],
    drop: [...s3v4, ...words('akamai_signature cf_sign cf_expiry region namespace repo_name username')],
    expiry: earliest(s3Expiry, epochWithin('akamai_signature', /(?:^|~)exp=(\d+)/), epochIn('cf_expiry')),
  },
  {
    name: 's3v4',
    hosts: [...s3Hosts, '*.githubusercontent.com'],
    marks: [['X-Amz-Signature']],
    drop: s3v4,
    expiry: s3Expiry,
  },
  {
    name: 'gcs',
    hosts: ['storage.googleapis.com', '*.storage.googleapis.com'],
    marks: [['X-Goog-Signature'], ['GoogleAccessId', 'Signature']],
    drop: words(
      'X-Goog-Algorithm X-Goog-Credential X-Goog-Date X-Goog-Expires X-Goog-SignedHeaders X-Goog-Signature GoogleAccessId Expires Signature',
    ),
    expiry: earliest(dateAndSeconds('X-Goog-Date', 'X-Goog-Expires'), epochIn('Expires')),
  },
  {
    name: 'googlecdn',
    hosts: ['cdn.artifacts.gitlab-static.net', 'cdn.registry.gitlab-static.net'],
    marks: [['KeyName', 'Signature']],
    drop: words('Expires KeyName Signature URLPrefix'),
    expiry: epochIn('Expires'),
  },
  {
    name: 'oss4',
    hosts: ['*.aliyuncs.com'],
    marks: [['x-oss-signature']],
    drop: words(
      'x-oss-signature-version x-oss-credential x-oss-date x-oss-expires x-oss-signature x-oss-additional-headers x-oss-security-token',
    ),
    expiry: dateAndSeconds('x-oss-date', 'x-oss-expires'),
  },
  {
    name: 'cos',
    hosts: ['*.myqcloud.com'],
    marks: [['q-signature']],
    drop: words(
      'q-sign-algorithm q-ak q-sign-time q-key-time q-header-list q-url-param-list q-signature x-cos-security-token',
    ),
    expiry: epochWithin('q-sign-time', /;(\d+)$/),
  },
  {
    name: 's3v2',
    hosts: [...s3Hosts, '*.aliyuncs.com'],
    marks: [
      ['AWSAccessKeyId', 'Signature'],
      ['OSSAccessKeyId', 'Signature'],
      ['AccessKeyId', 'Signature'],
    ],
    drop: words(
      'AWSAccessKeyId OSSAccessKeyId AccessKeyId Expires Signature security-token x-amz-security-token x-obs-security-token',
    ),
    expiry: epochIn('Expires'),
  },
  {
    name: 'cloudfront',
    hosts: ['*.cloudfront.net', '*.hf.co', '*.huggingface.co'],
    marks: [['Key-Pair-Id', 'Signature']],
    drop: words('Expires Policy Signature Key-Pair-Id Hash-Algorithm X-Xet-Cas-Uid user_id repo_id'),
    expiry: earliest(epochIn('Expires'), cloudFrontPolicy),
  },
  {
    name: 'azure',
    hosts: words(
      '*.blob.core.windows.net *.data.azurecr.io release-assets.githubusercontent.com pkg-containers.githubusercontent.com',
    ),
    marks: [
      ['sig', 'sv'],
      ['sig', 'se'],
    ],
    drop: [...azure, ...words('regid P1 P2 P3 P4 hmac')],
    expiry: isoIn('se'),
  },
  {
    name: 'docker-verify',
    hosts: ['production.cloudflare.docker.com'],
    marks: [['verify']],
    drop: ['verify'],
    expiry: epochWithin('verify', /^(\d+)-/),
  },
  {
    name: 'gitee',
    hosts: ['foruda.gitee.com'],
    marks: [['token', 'ts']],
    drop: words('token ts'),
    expiry: epochIn('ts'),
  },
]

const familyByName = new Map(signatureFamilies.map((family) => [family.name, family]))
/** Marks that anyone may use for something else; they count on their own hosts only. */
const ambiguous: ReadonlySet<SignatureFamilyName> = new Set(['docker-verify', 'gitee', 'quay'])

/**
 * The signature of a URL by its host and query (without `?`). `named`: the family that somebody says the host's URLs have,
 * beside those of the table.
 */
export function signatureAt(host: string, query: string, named?: SignatureFamilyName): Signature | undefined {
  const parameter = parametersOf(query)
  const own = named === undefined ? undefined : familyByName.get(named)
  if (own !== undefined && isMarked(own, parameter)) return { family: own, expiresAt: own.expiry(parameter) }
  for (const family of signatureFamilies) {
    if (!isMarked(family, parameter) || !family.hosts.some((pattern) => covers(pattern, host))) continue
    return { family, expiresAt: family.expiry(parameter) }
  }
  return undefined
}

/** The signature that a query looks like, on whatever host: enough to know when the URL ends, not to leave anything out. */
export function signatureLike(query: string): Signature | undefined {
  const parameter = parametersOf(query)
  const family = signatureFamilies.find((one) => !ambiguous.has(one.name) && isMarked(one, parameter))
  return family && { family, expiresAt: family.expiry(parameter) }
}

/** `query` without the parameters called `drop`; all others stay byte for byte and in their order. */
export function withoutParameters(query: string, isDropped: (name: string) => boolean): string {
  const kept = query.split('&').filter((text) => !isDropped(nameOf(text)))
  return kept.join('&')
}

function isMarked({ marks }: SignatureFamily, parameter: ParameterOf): boolean {
  return marks.some((names) => names.every((name) => parameter(name) !== undefined))
}

/** The first of several with one name counts. */
function parametersOf(query: string): ParameterOf {
  const values = new Map<string, string>()
  for (const text of query.split('&')) {
    const name = nameOf(text)
    if (!values.has(name)) values.set(name, text.slice(name.length + 1))
  }
  return (name) => values.get(name)
}

function nameOf(text: string): string {
  const equals = text.indexOf('=')
  return equals === -1 ? text : text.slice(0, equals)
}

function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}
