// What --help prints, made from the definitions. Called by parse.mjs.
import { COMMANDS } from './commands.mjs'

/** @typedef {import('./commands.mjs').Command} Command */
/** @typedef {import('./options.mjs').Option} Option */

/** Every command in a line each. */
export function helpForAll() {
  const rows = COMMANDS.map(command => [`  auberge ${[command.name, ...command.args].join(' ')}`, command.help])
  return [
    'Auberge: website hosting on one public address.',
    '',
    ...columns(rows),
    '',
    'auberge COMMAND --help describes one command; --data DIR finds the house, --json is for machines.',
    'Exit code 0: done, 1: failed, 2: the command line makes no sense.',
    '',
  ].join('\n')
}

/** One command with its options. @param {Command} command */
export function helpFor(command) {
  const args = command.args.map(arg => (arg.endsWith('…') ? `-- ${arg}` : arg))
  const lines = [`auberge ${[command.name, '[OPTIONS]', ...args].join(' ')}`, '', `  ${command.help}`, '', ...columns(command.options.map(row))]
  const variables = command.name === 'up' ? ['', 'Each option can also be set in the environment: AUBERGE_ and its name in upper case, such as AUBERGE_PUBLIC_IPV4.'] : []
  return [...lines, ...variables, ''].join('\n')
}

/** @param {Option} option @returns {string[]} */
function row(option) {
  const short = option.letter ? `-${option.letter}, ` : ''
  const notes = [option.fallback ? `default ${option.fallback}` : '', option.many ? 'repeatable' : ''].filter(Boolean).join('; ')
  return [`  ${short}--${option.name}${option.takes === null ? '' : ` ${option.takes}`}`, option.help + (notes ? ` (${notes})` : '')]
}

/** @param {string[][]} rows */
function columns(rows) {
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2
  return rows.map(([left = '', right = '']) => left.padEnd(width) + right)
}
