#!/usr/bin/env node
// An older Node must get as far as this sentence: nothing else is loaded before.
const oldest = 24

if (Number(process.versions.node.split('.')[0]) >= oldest) {
  const { runToTheEnd } = await import('./cli/entry.ts')
  await runToTheEnd()
} else {
  const install = `npx --package=node@${oldest} --package=larder-proxy -- larder`
  process.stderr.write(`larder: needs Node.js ${oldest} or newer, and this is ${process.version}
  Install it from https://nodejs.org/, or let npm bring one for this command: ${install} run -- COMMAND
  In a checkout, scripts/larder brings its own.
`)
  process.exitCode = 78
}

export {}
