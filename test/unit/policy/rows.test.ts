import { describe, test } from 'node:test'
import { converse } from '../../support/conversation.ts'
import { age } from './rows/age.ts'
import { atOnce } from './rows/at-once.ts'
import { codings } from './rows/codings.ts'
import { freshness } from './rows/freshness.ts'
import { head } from './rows/head.ts'
import { invalidation } from './rows/invalidation.ts'
import { messages } from './rows/messages.ts'
import { negative } from './rows/negative.ts'
import { offline } from './rows/offline.ts'
import { parts } from './rows/parts.ts'
import { ranges } from './rows/ranges.ts'
import { requestDirectives } from './rows/request-directives.ts'
import type { Talk } from './rows/row.ts'
import { stale } from './rows/stale.ts'
import { storing } from './rows/storing.ts'
import { validation } from './rows/validation.ts'
import { vary } from './rows/vary.ts'

const topics: Readonly<Record<string, readonly Talk[]>> = {
  Storing: storing,
  Age: age,
  Freshness: freshness,
  'Negative responses': negative,
  'What a request demands': requestDirectives,
  Validation: validation,
  HEAD: head,
  Invalidation: invalidation,
  Vary: vary,
  Codings: codings,
  Ranges: ranges,
  'Partial responses': parts,
  'Stale responses': stale,
  'Without origins': offline,
  'Clients at once': atOnce,
  Messages: messages,
}

for (const [topic, rows] of Object.entries(topics)) {
  describe(topic, () => {
    for (const { says, rfc, profile, talk } of rows) {
      test(`${says} (RFC ${rfc}${profile === undefined ? '' : `; profile ${profile}`})`, async () => {
        for (const one of profile === undefined ? (['standards', 'builds'] as const) : [profile]) {
          await converse(talk, one)
        }
      })
    }
  })
}
