/** The ways to sign a URL that Larder can read; what is known of each stands in `src/ecosystem/signed-families.ts`. */
export const signatureFamilyNames = [
  's3v4',
  's3v2',
  'oss4',
  'gcs',
  'googlecdn',
  'azure',
  'github-release',
  'github-s3',
  'cloudfront',
  'quay',
  'docker-verify',
  'cos',
  'gitee',
] as const

export type SignatureFamilyName = (typeof signatureFamilyNames)[number]
