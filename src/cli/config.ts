import { alertTargetName } from '../config/alert-targets.ts'
import { sampleFile } from '../config/reference.ts'
import { ruleText } from '../config/rule-texts.ts'
import { settingTexts } from '../config/setting-texts.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { emptyText } from './status.ts'

/** `larder config check`: says what is wrong, by failing, or that nothing is. */
export const checkConfig: Command = (context) => {
  settingsOf(context)
  if (context.json) context.terminal.printJson({ valid: true })
  else context.terminal.print('The configuration is valid.\n')
  return exitCodes.done
}

/** `larder config show`: the effective values, and where each came from. */
export const showConfig: Command = (context) => {
  const { settings, origins } = settingsOf(context)
  const texts = { ...settingTexts(settings), alert: settings.alerts.map(alertTargetName) }
  const rows = Object.entries(texts).map(([name, values]) => {
    return { name, values, origin: origins[name as keyof typeof origins] }
  })
  const rules = settings.rules.map((rule) => ({ rule: ruleText(rule), origin: `file ${rule.origin}` }))
  if (context.json) {
    const options = Object.fromEntries(rows.map(({ name, values, origin }) => [name, { values, origin }]))
    context.terminal.printJson({ ...options, rules })
    return exitCodes.done
  }
  const width = Math.max(...rows.map(({ name }) => name.length))
  for (const { name, values, origin } of rows) {
    context.terminal.print(`${name.padEnd(width)}  ${values.join(', ') || emptyText(name)}  [${origin}]\n`)
  }
  for (const { rule, origin } of rules) context.terminal.print(`${'rules'.padEnd(width)}  ${rule}  [${origin}]\n`)
  return exitCodes.done
}

/** `larder config sample`: a commented configuration file. */
export const sampleConfig: Command = (context) => {
  context.terminal.print(sampleFile())
  return exitCodes.done
}
