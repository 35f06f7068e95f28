import type { TriedTool } from './tool-runs.ts'

/** A tool that takes the package of the test's registry. */
export interface BuildTool extends TriedTool {
  /** What larder doctor advises when the tool was started without trust. */
  readonly fix: RegExp
}

/** Compiling well takes longer than all that a build of one file does. */
const quickJava = `export _JAVA_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'`
const node = `'${process.execPath}'`
const dependsByNpm = `echo '{"name":"a","dependencies":{"larder-sample":"1.0.0"}}' >package.json`
const showNpm = 'cat node_modules/larder-sample/index.js'
const extraRoots = (name: string): RegExp => new RegExp(`^${name}: export NODE_EXTRA_CA_CERTS=/.*/ca\\.pem$`)
const bundleIn = (name: string, variable: string): RegExp =>
  new RegExp(`^${name}: export ${variable}=/.*/bundle\\.pem$`)

const trustStore = (name: string): RegExp =>
  new RegExp(`^${name}: export JAVA_TOOL_OPTIONS=.*-Djavax\\.net\\.ssl\\.trustStore=/.*\\.jks`)

/** `tools` is where those that npm installed lie. */
export const buildTools = (tools: string): readonly BuildTool[] => [
  {
    name: 'npm',
    script: (url) =>
      `${dependsByNpm}; export npm_config_cache="$fresh/cache" npm_config_fetch_retries=0; npm install --no-audit --no-fund --registry ${url}/npm/ >&2 && ${showNpm}`,
    fix: extraRoots('npm'),
  },
  {
    name: 'pnpm',
    script: (url) =>
      `${dependsByNpm}; ${node} ${tools}/pnpm/bin/pnpm.cjs install --registry ${url}/npm/ --store-dir "$fresh/store" --config.cache-dir="$fresh/cache" --config.fetch-retries=0 >&2 && ${showNpm}`,
    fix: extraRoots('pnpm'),
  },
  {
    name: 'pnpm built in Rust',
    script: (url) =>
      `${dependsByNpm}; ${node} ${tools}/pnpm-native/bin/pnpm.mjs install --registry ${url}/npm/ --store-dir "$fresh/store" --config.cache-dir="$fresh/cache" --config.fetch-retries=0 >&2 && ${showNpm}`,
    fix: extraRoots('pnpm'),
  },
  {
    name: 'yarn classic',
    script: (url) =>
      `${dependsByNpm}; ${node} ${tools}/yarn/bin/yarn.js install --registry ${url}/npm/ --cache-folder "$fresh/cache" --non-interactive >&2 && ${showNpm}`,
    fix: extraRoots('yarn'),
  },
  {
    name: 'yarn berry',
    script: (url) =>
      `${dependsByNpm}; export YARN_NPM_REGISTRY_SERVER=${url}/npm YARN_GLOBAL_FOLDER="$fresh/global" YARN_NODE_LINKER=node-modules YARN_ENABLE_TELEMETRY=0 YARN_HTTP_RETRY=0 YARN_NPM_MINIMAL_AGE_GATE=0; ${node} ${tools}/yarn-berry/bin/yarn.js install >&2 && ${showNpm}`,
    fix: extraRoots('yarn'),
  },
  {
    name: 'bun',
    script: (url) =>
      `${dependsByNpm}; BUN_INSTALL_CACHE_DIR="$fresh/cache" ${tools}/bun/bin/bun.exe install --registry ${url}/npm/ >&2 && ${showNpm}`,
    fix: extraRoots('bun'),
  },
  {
    name: 'deno',
    script: (url) =>
      `echo 'import text from "npm:larder-sample@1.0.0"; console.log(text)' >a.js; DENO_DIR="$fresh/deno" NPM_CONFIG_REGISTRY=${url}/npm/ ${node} ${tools}/deno/bin.cjs run -A a.js`,
    fix: bundleIn('deno', 'DENO_CERT'),
  },
  {
    name: 'Composer',
    script: (url) =>
      `echo '{"repositories":[{"type":"composer","url":"${url}/composer"},{"packagist.org":false}],"require":{"larder/sample":"1.0.0"}}' >composer.json; COMPOSER_HOME="$fresh/composer" COMPOSER_ALLOW_SUPERUSER=1 composer install --no-interaction >&2 && cat vendor/larder/sample/sample.php`,
    fix: bundleIn('Composer', 'COMPOSER_CAFILE'),
  },
  {
    name: 'cargo',
    // Sparse registries are behind a switch before 1.68.
    script: (url) =>
      `mkdir src; : >src/lib.rs; printf '[package]\\nname = "a"\\nversion = "0.1.0"\\nedition = "2021"\\n[dependencies]\\nlarder-sample = { version = "1.0.0", registry = "sample" }\\n' >Cargo.toml; export CARGO_HOME="$fresh/cargo" CARGO_REGISTRIES_SAMPLE_INDEX=sparse+${url}/cargo/index/ RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_SPARSE_REGISTRY=true CARGO_NET_RETRY=0; cargo fetch >&2 && cat "$CARGO_HOME"/registry/src/*/larder-sample-1.0.0/src/lib.rs`,
    fix: bundleIn('cargo', 'CARGO_HTTP_CAINFO'),
  },
  {
    name: 'gem',
    script: (url) =>
      `export GEM_HOME="$fresh/gems" GEM_SPEC_CACHE="$fresh/specs"; gem install larder-sample --no-document --clear-sources --source ${url}/gems/ >&2 && cat "$GEM_HOME"/gems/larder-sample-1.0.0/lib/larder_sample.rb`,
    fix: bundleIn('gem', 'SSL_CERT_FILE'),
  },
  {
    name: 'Bundler',
    script: (url) =>
      `printf 'source "${url}/gems/"\\ngem "larder-sample", "1.0.0"\\n' >Gemfile; export BUNDLE_USER_HOME="$fresh/bundle" BUNDLE_PATH="$fresh/gems" BUNDLE_RETRY=0 BUNDLE_SILENCE_ROOT_WARNING=1; bundle install >&2 && cat "$fresh"/gems/ruby/*/gems/larder-sample-1.0.0/lib/larder_sample.rb`,
    fix: bundleIn('Bundler', 'BUNDLE_SSL_CA_CERT'),
  },
  {
    name: 'Maven',
    // A parent and an extension of the build are asked for without any plugin.
    script: (url) =>
      `${quickJava}; echo '<settings><mirrors><mirror><id>test</id><mirrorOf>*</mirrorOf><url>${url}/maven</url></mirror></mirrors></settings>' >settings.xml; echo '<project><modelVersion>4.0.0</modelVersion><parent><groupId>larder.test</groupId><artifactId>parent</artifactId><version>1.0.0</version><relativePath/></parent><artifactId>a</artifactId><packaging>pom</packaging><build><extensions><extension><groupId>larder.test</groupId><artifactId>sample</artifactId><version>1.0.0</version></extension></extensions></build></project>' >pom.xml; mvn -B -ntp -s settings.xml -Dmaven.repo.local="$fresh/m2" validate >&2 && test -f "$fresh/m2/larder/test/sample/1.0.0/sample-1.0.0.jar" && cat "$fresh/m2/larder/test/parent/1.0.0/parent-1.0.0.pom"`,
    fix: trustStore('Maven'),
  },
  {
    name: 'Gradle',
    script: (url) =>
      `${quickJava}; printf 'repositories { maven { url "${url}/maven" } }\\nconfigurations { wanted }\\ndependencies { wanted "larder.test:sample:1.0.0" }\\ntask show { doLast { println "content: " + configurations.wanted.files } }\\n' >build.gradle; : >settings.gradle; gradle --no-daemon -q -g "$fresh/gradle" show`,
    fix: trustStore('Gradle'),
  },
  {
    name: 'dnf',
    // It takes no variable for the CA, but the option that doctor names.
    script: (url) =>
      `dnf -y \${SSL_CERT_FILE:+--setopt=sslcacert="$SSL_CERT_FILE"} --repofrompath=test,${url}/rpm --repo=test --installroot="$fresh/root" --releasever=1 --setopt=cachedir="$fresh/cache" --setopt=logdir="$fresh" --setopt=persistdir="$fresh/state" --setopt=gpgcheck=0 --setopt=retries=1 install --downloadonly larder-sample >&2 && cat "$fresh"/cache/test-*/packages/larder-sample-1.0.0-1.noarch.rpm`,
    fix: /^dnf: dnf --setopt=sslcacert=\/.*\/bundle\.pem COMMAND$/,
  },
  {
    name: 'AWS tools',
    script: (url) =>
      `AWS_MAX_ATTEMPTS=1 AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=us-east-1 /usr/bin/aws --endpoint-url ${url} --no-sign-request s3 cp s3://sample/file -`,
    fix: bundleIn('AWS tools', 'AWS_CA_BUNDLE'),
  },
]
