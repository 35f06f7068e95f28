/** The request state machine: which step may follow which. The drawing in docs/ is generated from this table. */
export const transitions = {
  receive: ['admit', 'refuse'],
  admit: ['classify', 'answer', 'refuse'],
  classify: ['lookup', 'relay', 'refuse'],
  lookup: ['deliver', 'revalidate', 'join', 'fetch', 'refuse'],
  join: ['deliver', 'fetch', 'refuse'],
  fetch: ['judge', 'deliver', 'refuse'],
  revalidate: ['judge', 'deliver', 'refuse'],
  judge: ['fill', 'relay'],
  fill: ['deliver', 'relay'],
  deliver: ['finish'],
  relay: ['finish'],
  answer: ['finish'],
  refuse: ['finish'],
  finish: [],
} as const

export type StepName = keyof typeof transitions
export type Next<S extends StepName> = (typeof transitions)[S][number]
