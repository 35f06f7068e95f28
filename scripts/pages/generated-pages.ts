import { optionsPage, sampleFile } from '../../src/config/reference.ts'
import { faultsPage } from './faults-page.ts'
import { manPage } from './man-page.ts'
import { metricsPage } from './metrics-page.ts'
import { profilesPage } from './profiles-page.ts'
import { withDrawing } from './request-page.ts'
import { unitPages } from './service-units.ts'

export interface GeneratedPage {
  /** From the top folder. */
  readonly path: string
  /** The whole text that the page must have, given the text it has. */
  readonly render: (written: string) => string
}

/** Every page that is written by the code it describes; a test holds each to its source. */
export const generatedPages: readonly GeneratedPage[] = [
  { path: 'docs/faults.md', render: faultsPage },
  { path: 'docs/life-of-a-request.md', render: withDrawing },
  { path: 'docs/options.md', render: optionsPage },
  { path: 'docs/metrics.md', render: metricsPage },
  { path: 'docs/profiles.md', render: profilesPage },
  { path: 'deploy/larder.yaml', render: sampleFile },
  { path: 'man/larder.1', render: manPage },
  ...unitPages,
]
