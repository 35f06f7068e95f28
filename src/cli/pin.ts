import { changeStored } from './change-stored.ts'
import type { Command } from './command.ts'
import type { Values } from './declaration.ts'

/** `larder pin URL…`: keeps what is stored for ever. */
export const pin: Command<[urls: readonly string[], values: Values]> = (context, urls, values) =>
  changeStored(context, urls, values, { path: '/v1/pin', body: { pinned: true }, done: 'pinned', spared: 'not pinned' })

/** `larder unpin URL…`: lets it go again. */
export const unpin: Command<[urls: readonly string[], values: Values]> = (context, urls, values) =>
  changeStored(context, urls, values, {
    path: '/v1/pin',
    body: { pinned: false },
    done: 'unpinned',
    spared: 'not unpinned',
  })
