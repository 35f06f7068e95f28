import { parseArgs } from 'node:util'
import { type BuiltProgram, buildProgram } from './built-program.ts'
import { KillRun } from './kill-run.ts'
import { runPowerCuts } from './power-run.ts'

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

async function kill({ words, folder }: BuiltProgram, count: number): Promise<readonly string[]> {
  const report = await KillRun.run({ program: words, folder, count, say })
  say(`\n${report.killCount} kills, ${report.checkedCount} acknowledged responses asked for afterwards\n`)
  for (const [where, times] of [...report.kills].sort()) say(`${String(times).padStart(5)}  ${where}`)
  return report.wrong
}

async function power({ words, folder }: BuiltProgram, count: number): Promise<readonly string[]> {
  const { onDevice, cutCount, checkedCount, wrong } = await runPowerCuts({ program: words, folder, count, say })
  const kind = onDevice ? 'snapshots of the device' : 'copies of the folder, since there are no loop devices,'
  say(`\n${cutCount} ${kind} looked at, ${checkedCount} acknowledged responses asked for`)
  return wrong
}

/** `node main.ts kill|power [--count N]`: as scripts/fault-runs says. */
async function run(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { count: { type: 'string' } } })
  const isKill = positionals[0] === 'kill'
  const count = Number(values.count ?? (isKill ? 200 : 30))
  const program = buildProgram()
  const wrong = await (isKill ? kill : power)(program, count)
  for (const text of wrong) say(`WRONG  ${text}`)
  if (wrong.length > 0) {
    say(`\nwhat is left is in ${program.folder}`)
    return 1
  }
  program.remove()
  say('\nnothing lost, nothing wrong, nothing left behind')
  return 0
}

process.exitCode = await run()
