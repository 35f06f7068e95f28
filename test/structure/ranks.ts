/** The one table of who may import whom: an import goes to a lower rank or stays in its folder; equal ranks never meet. */
export const ranks: Readonly<Record<string, number>> = {
  base: 0,
  config: 1,
  http: 1,
  ecosystem: 2,
  key: 3,
  policy: 3,
  store: 4,
  upstream: 4,
  ca: 4,
  govern: 4,
  ledger: 4,
  alert: 4,
  observe: 4,
  pipeline: 5,
  server: 6,
  app: 7,
  cli: 8,
  'main.ts': 9,
  'index.ts': 9,
}

/**
 * Which files may import which foreign package. An adapter is imported by app/ and tests alone; a member of a family
 * that is no adapter (`vocabulary`) keeps the package's words out of its interface and may be imported by rank.
 */
export const foreignPackages: Readonly<
  Record<string, { readonly files: RegExp; readonly kind: 'adapter' | 'vocabulary' }>
> = {
  '@keyv/redis': { files: /^src\/store\/redis-[a-z-]+\.ts$/, kind: 'adapter' },
  'basic-ftp': { files: /^src\/upstream\/ftp-[a-z-]+\.ts$/, kind: 'adapter' },
  commander: { files: /^src\/cli\/[a-z-]+\.ts$/, kind: 'vocabulary' },
  'http-mitm-proxy': { files: /^src\/server\/mitm-[a-z-]+\.ts$/, kind: 'adapter' },
  'ipaddr.js': { files: /^src\/govern\/address[a-z-]*\.ts$/, kind: 'vocabulary' },
  keyv: { files: /^src\/store\/(?:keyv|sqlite)-[a-z-]+\.ts$/, kind: 'adapter' },
  'lru-cache': { files: /^src\/(?:store|ca)\/lru-[a-z-]+\.ts$/, kind: 'adapter' },
  nodemailer: { files: /^src\/alert\/mail-[a-z-]+\.ts$/, kind: 'adapter' },
  'node-forge': { files: /^src\/ca\/forge-[a-z-]+\.ts$/, kind: 'adapter' },
  pg: { files: /^src\/store\/postgres-[a-z-]+\.ts$/, kind: 'adapter' },
  'prom-client': { files: /^src\/observe\/prom-[a-z-]+\.ts$/, kind: 'adapter' },
  undici: { files: /^src\/upstream\/undici-[a-z-]+\.ts$/, kind: 'adapter' },
  yaml: { files: /^src\/config\/[a-z-]+\.ts$/, kind: 'vocabulary' },
}

/** Media that an adapter's name may begin with, as in `fs-blob-store.ts` beside `blob-store.ts`. */
export const media = [
  'command',
  'forge',
  'fs',
  'ftp',
  'http',
  'keyv',
  'lru',
  'mail',
  'memcached',
  'memory',
  'mitm',
  'node',
  'postgres',
  'prom',
  'redis',
  's3',
  'sqlite',
  'undici',
  'unix',
  'webhook',
] as const

/** Files above the limit of lines that a reviewer agreed to, with the reason. */
export const reviewedFiles: Readonly<Record<string, string>> = {
  'src/base/faults.ts': 'a table: one row a fault',
  'src/config/options.ts': 'a table: one row an option',
}

/** Functions above the limit of lines that a reviewer agreed to (`file:function`), with the reason. */
export const reviewedFunctions: Readonly<Record<string, string>> = {}
