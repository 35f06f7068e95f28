/** Which variables point the known tools at a proxy and its CA; measured with the tools themselves. */

/** Take the proxy's URL. Tools differ in the case they read. */
export const proxyVariables = [
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  // npm, pnpm, yarn 1: win over a proxy in the user's .npmrc
  'npm_config_proxy',
  'npm_config_https_proxy',
  // yarn 4 reads no other
  'YARN_HTTP_PROXY',
  'YARN_HTTPS_PROXY',
] as const

/** Take the proxy's URL when the user has set them: they would win over the others. */
export const strongerProxyVariables = [
  'all_proxy',
  'ALL_PROXY',
  'CARGO_HTTP_PROXY',
  'PIP_PROXY',
  'CGI_HTTP_PROXY',
] as const

/** Take the list of hosts that are reached directly. */
export const directVariables = ['no_proxy', 'NO_PROXY', 'npm_config_noproxy'] as const

/** Take the path of a bundle that replaces the roots which the tool trusts. */
export const bundleVariables = [
  'SSL_CERT_FILE', // OpenSSL: curl, Ruby, Go, urllib, cargo, bun, skopeo, terraform
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE', // Python requests, conda, poetry
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'NIX_SSL_CERT_FILE',
  'npm_config_cafile',
  'YARN_HTTPS_CA_FILE_PATH', // yarn 4
  'DENO_CERT',
  'BUNDLE_SSL_CA_CERT', // Bundler
  'COMPOSER_CAFILE',
  'PERL_LWP_SSL_CA_FILE',
  'HTTPS_CA_FILE', // older LWP
  'AWS_CA_BUNDLE',
  'CONDA_SSL_VERIFY',
  'MAMBA_SSL_VERIFY',
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE', // gcloud
  'HTTPLIB2_CA_CERTS',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
] as const

/** Takes the path of certificates that are trusted beside those which Node brings. */
export const extraCertificatesVariable = 'NODE_EXTRA_CA_CERTS'

/**
 * Switches without which a tool ignores all of the above, or some of them. uv reads SSL_CERT_FILE without its older
 * UV_NATIVE_TLS, and newer versions warn of that at every start.
 */
export const proxySwitches = { NODE_USE_ENV_PROXY: '1' } as const
export const trustSwitches = { UV_SYSTEM_CERTS: '1' } as const

/** Hosts that are always reached directly. */
export const directHosts = ['localhost', '127.0.0.1', '::1'] as const
