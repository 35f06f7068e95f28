import { describeBuildTools } from './build-tool-runs.ts'

describeBuildTools(
  ['npm', 'pnpm', 'yarn classic', 'Composer', 'cargo', 'gem', 'Bundler', 'dnf', 'AWS tools'],
  ['pnpm@npm:pnpm@10.34.9', 'yarn@npm:yarn@1.22.22'],
)
