import { describeBuildTools } from './build-tool-runs.ts'

describeBuildTools(
  ['pnpm built in Rust', 'yarn berry', 'bun', 'deno', 'Maven', 'Gradle'],
  [
    'pnpm-native@npm:pnpm@12.21.0',
    'yarn-berry@npm:@yarnpkg/cli-dist@4.18.1',
    'bun@npm:bun@1.4.5',
    'deno@npm:deno@2.9.6',
  ],
)
