// The command line, read: which command, its arguments and options, or what is wrong. Called by bin/auberge.mjs, cli/main.ts and supervisor/main.ts.
import { parseArgs } from 'node:util'
import { COMMANDS } from './commands.mjs'
import { UP } from './options.mjs'
import { dataOf, house } from './house.mjs'
import { helpFor, helpForAll } from './help.mjs'
import { yesOrNo } from './values.mjs'
import { UsageError, nearest, suggest } from './usage.mjs'

/** @typedef {import('./host.mjs').Host} Host */
/** @typedef {import('./options.mjs').Option} Option */
/** @typedef {import('./commands.mjs').Command} Command */
/** @typedef {import('../wire/house.ts').House} House */
/**
 * What was asked for.
 * @typedef {{ kind: 'help', text: string } | { kind: 'version' } | { kind: 'up', house: House } | Order} Request
 */
/**
 * A command but `up`. `rest` is what follows `--`; `options` holds each given option's value by name.
 * @typedef {{ kind: 'order', command: string, args: Record<string, string>, rest: string[], options: Map<string, any>, data: string, json: boolean }} Order
 */
/** @typedef {Record<string, string | undefined>} Environment */
/** @typedef {{ name: string, rawName: string, value: string | undefined, inline: boolean }} Given */

const NO_OPTION = ['--help', '--version']

/**
 * Throws UsageError where the command line, or an AUBERGE_ variable that counts for it, makes no sense.
 * @param {string[]} argv without the program
 * @param {Environment} env
 * @param {Host} host
 * @returns {Request}
 */
export function parse(argv, env, host) {
  const { words, rest, given } = split(argv)
  const command = find(words)
  if (given.some(each => each.name === 'help' || each.rawName === '-h') || words[0] === 'help' || (argv.length === 0)) return { kind: 'help', text: command ? helpFor(command) : helpForAll() }
  if (given.some(each => each.name === 'version')) return { kind: 'version' }
  if (command === null) throw unknownCommand(words)
  const options = new Map([...fromEnvironment(command.options, env), ...fromArguments(command.options, given)])
  if (command.name === 'up') return upRequest(words, rest, options, host)
  const args = argumentsOf(command, words.slice(command.name.split(' ').length), rest)
  return { kind: 'order', command: command.name, args, rest, options, data: dataOf(options, host), json: options.get('json') ?? false }
}

/** @param {string[]} words @param {string[]} rest @param {Map<string, any>} options @param {Host} host @returns {Request} */
function upRequest(words, rest, options, host) {
  const extra = [...words.slice(1), ...rest][0]
  if (extra !== undefined) throw new UsageError(`up: ${JSON.stringify(extra)} is one word too many; options begin with --`)
  return { kind: 'up', house: house(options, host) }
}

/**
 * Words, options and what follows `--`, by Node's own tokenizer.
 * @param {string[]} argv
 * @returns {{ words: string[], rest: string[], given: Given[] }}
 */
function split(argv) {
  const { tokens } = parseArgs({ args: argv, options: shapes(), strict: false, tokens: true, allowPositionals: true })
  const end = tokens.find(token => token.kind === 'option-terminator')?.index ?? Infinity
  /** @type {Given[]} */
  const given = []
  /** @type {string[]} */
  const words = []
  for (const token of tokens) {
    if (token.kind === 'option') given.push({ name: token.name, rawName: token.rawName, value: token.value, inline: token.inlineValue ?? false })
    if (token.kind === 'positional' && token.index < end) words.push(token.value)
  }
  return { words, rest: end === Infinity ? [] : argv.slice(end + 1), given }
}

/** What parseArgs must know: which options take a value. No two commands differ in that. */
function shapes() {
  /** @type {Record<string, { type: 'string' | 'boolean', short?: string }>} */
  const all = {}
  for (const option of COMMANDS.flatMap(command => command.options)) {
    all[option.name] = { type: option.takes === null ? 'boolean' : 'string', ...(option.letter ? { short: option.letter } : {}) }
  }
  return all
}

/** @param {string[]} words @returns {Command | null} */
function find(words) {
  const named = [3, 2, 1].map(length => COMMANDS.find(command => command.name === words.slice(0, length).join(' ')))
  return named.find(command => command !== undefined) ?? null
}

/** @param {string[]} words */
function unknownCommand(words) {
  const [first, second] = words
  if (first === undefined) return new UsageError('no command given; see auberge --help')
  const deep = COMMANDS.some(command => command.name.startsWith(`${first} ${second} `))
  if (deep) return unknownBelow(`${first} ${second}`, words[2])
  return unknownBelow(first, second)
}

/** A group of commands was named, and none of it. @param {string} group @param {string | undefined} word */
function unknownBelow(group, word) {
  const depth = group.split(' ').length
  const below = [...new Set(COMMANDS.map(command => command.name).filter(name => name.startsWith(`${group} `)).map(name => name.split(' ')[depth] ?? ''))]
  if (below.length === 0) return new UsageError(`unknown command ${group}${suggest(group, COMMANDS.map(command => command.name.split(' ')[0] ?? ''))}`)
  if (word === undefined) return new UsageError(`${group}: expected ${below.join(', ')}`)
  return new UsageError(`unknown command ${group} ${word}${suggest(word, below)}`)
}

/** @param {readonly Option[]} options @param {Given[]} given */
function fromArguments(options, given) {
  /** @type {Map<string, any>} */
  const values = new Map()
  for (const each of given) {
    const option = options.find(candidate => each.rawName === `--${candidate.name}` || each.rawName === `-${candidate.letter}`)
    if (option === undefined) throw unknownOption(options, each.rawName)
    keep(values, option, each.rawName, text(option, each))
  }
  return values
}

/** @param {readonly Option[]} options @param {string} raw */
function unknownOption(options, raw) {
  return new UsageError(`unknown option ${raw}${suggest(raw, [...options.map(option => `--${option.name}`), ...NO_OPTION])}`)
}

/** The value's text; null for a switch. @param {Option} option @param {Given} given */
function text(option, given) {
  if (option.takes === null) {
    if (given.value !== undefined) throw new UsageError(`${given.rawName}: takes no value; write it alone`)
    return null
  }
  const missing = given.value === undefined || given.value === '' || (!given.inline && given.value.startsWith('--'))
  if (missing || given.value === undefined) throw new UsageError(`${given.rawName}: needs a value: ${given.rawName} ${option.takes}`)
  return given.value
}

/** @param {readonly Option[]} options @param {Environment} env */
function fromEnvironment(options, env) {
  /** @type {Map<string, any>} */
  const values = new Map()
  refuseMisspelt(env)
  for (const option of options) {
    const name = variable(option)
    const content = env[name]
    if (content === undefined || content === '') continue
    if (option.takes === null) { if (yesOrNo(name, content)) keep(values, option, name, null) }
    else for (const part of option.many ? content.split(/\s+/).filter(Boolean) : [content]) keep(values, option, name, part)
  }
  return values
}

/** A variable that is nearly an option's would be ignored in silence. @param {Environment} env */
function refuseMisspelt(env) {
  const known = UP.map(variable)
  for (const name of Object.keys(env)) {
    if (!name.startsWith('AUBERGE_') || known.includes(name)) continue
    const meant = nearest(name, known)
    if (meant !== null && name.length > 10) throw new UsageError(`unknown variable ${name}; did you mean ${meant}?`)
  }
}

/** @param {Option} option */
export function variable(option) {
  return `AUBERGE_${option.name.toUpperCase().replaceAll('-', '_')}`
}

/** @param {Map<string, any>} values @param {Option} option @param {string} name @param {string | null} content */
function keep(values, option, name, content) {
  const value = option.read ? option.read(name, content ?? '') : content ?? true
  if (option.many) values.set(option.name, [...(values.get(option.name) ?? []), value])
  else values.set(option.name, value)
}

/** @param {Command} command @param {string[]} words @param {string[]} rest */
function argumentsOf(command, words, rest) {
  /** @type {Record<string, string>} */
  const args = {}
  const takesRest = command.args.some(arg => arg.endsWith('…'))
  const names = command.args.filter(arg => !arg.endsWith('…'))
  const all = takesRest ? words : [...words, ...rest]
  names.forEach((arg, index) => {
    const word = all[index]
    if (word !== undefined && word !== '') args[arg.replace(/[[\]]/g, '')] = word
    else if (!arg.startsWith('[')) throw new UsageError(`${command.name}: ${arg} is missing: ${usage(command)}`)
  })
  if (all.length > names.length) throw new UsageError(`${command.name}: ${JSON.stringify(all[names.length])} is one word too many: ${usage(command)}`)
  if (takesRest && rest.length === 0) throw new UsageError(`${command.name}: the command is missing: ${usage(command)}`)
  return args
}

/** @param {Command} command */
function usage(command) {
  return ['auberge', command.name, ...command.args.map(arg => arg.replace('COMMAND…', '-- COMMAND…'))].join(' ')
}
