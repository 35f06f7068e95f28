import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expandFolders, foldersOf, stateFolder } from '../../../src/config/folders.ts'

describe('Folders', () => {
  test('lie below HOME when no variable says otherwise, for root too', () => {
    const folders = foldersOf({ HOME: '/root' })
    assert.equal(folders.XDG_CACHE_HOME, '/root/.cache')
    assert.equal(folders.XDG_DATA_HOME, '/root/.local/share')
    assert.equal(folders.XDG_RUNTIME_DIR, '/root/.local/state')
    assert.equal(stateFolder({ HOME: '/root' }), '/root/.local/state/larder')
  })

  test('follow the variables, but for relative paths, which the specification tells to ignore', () => {
    const folders = foldersOf({ HOME: '/h', XDG_CACHE_HOME: '/c', XDG_DATA_HOME: 'd', XDG_RUNTIME_DIR: '/run/user/7' })
    assert.equal(folders.XDG_CACHE_HOME, '/c')
    assert.equal(folders.XDG_DATA_HOME, '/h/.local/share')
    assert.equal(folders.XDG_RUNTIME_DIR, '/run/user/7')
  })

  test('stand in for their names in a text, and nothing else does', () => {
    const folders = foldersOf({ HOME: '/h' })
    assert.equal(expandFolders('unix:$XDG_RUNTIME_DIR/a', folders), 'unix:/h/.local/state/a')
    assert.equal(expandFolders('$XDG_OTHER/$HOME', folders), '$XDG_OTHER/$HOME')
  })
})
