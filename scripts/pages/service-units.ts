import { type ServicePlan, unitFiles } from '../../src/cli/service-units.ts'
import type { GeneratedPage } from './generated-pages.ts'

/** The units as the Debian package brings them; `larder service install` writes the same with paths of its own. */
export const packagedUnits: ServicePlan = {
  scope: 'system',
  origin: 'Generated from src/cli/service-units.ts by scripts/docs. Install: README.md beside this file.',
  node: '/usr/bin/node',
  program: '/usr/lib/larder/dist/main.js',
  configFile: '/etc/larder/larder.yaml',
  makesCa: false,
}

export const unitPages: readonly GeneratedPage[] = unitFiles(packagedUnits).map(({ name, text }) => ({
  path: `systemd/${name}`,
  render: () => text,
}))
