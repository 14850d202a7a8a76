import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImage, parseStart } from '../../registry/parse.ts'
import { parsePhp, phpIni } from '../../registry/php.ts'

test('settings of PHP are known, within bounds, and spelled as PHP does', () => {
  const cases: [string, unknown, string][] = [
    ['memory_limit', '256m', '256M'], ['memory_limit', 268435456, '268435456'], ['upload_max_filesize', '1G', '1G'], ['max_execution_time', 30, '30'], ['max_execution_time', '030', '30'],
    ['display_errors', true, 'On'], ['display_errors', 'on', 'On'], ['display_errors', '0', 'Off'], ['date.timezone', 'Europe/Paris', 'Europe/Paris'], ['date.timezone', 'America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['date.timezone', 'UTC', 'UTC'], ['error_reporting', 'E_ALL&~E_NOTICE', 'E_ALL & ~E_NOTICE'], ['error_reporting', ' E_ERROR | E_WARNING ', 'E_ERROR | E_WARNING'], ['error_reporting', 32767, '32767'],
    ['session.cookie_samesite', 'strict', 'Strict'], ['zend.assertions', -1, '-1'], ['default_charset', 'utf-8', 'UTF-8'],
  ]
  for (const [name, given, kept] of cases) assert.deepEqual(parsePhp({ [name]: given }), { [name]: kept }, `${name} ${String(given)}`)
})

test('what PHP would read as something else, what is out of bounds or not the owner\'s to set is refused', () => {
  const bad: [string, unknown][] = [
    ['memory_limit', '-1'], ['memory_limit', '1K'], ['memory_limit', '100G'], ['memory_limit', '128MB'], ['memory_limit', '1.5G'], ['memory_limit', ''], ['memory_limit', null],
    ['max_execution_time', '0'], ['max_execution_time', '99999'], ['max_execution_time', '1; x'], ['display_errors', 'stderr'], ['date.timezone', 'Europe/Nowhere'], ['date.timezone', '../etc/passwd'],
    ['date.timezone', 'europe/paris'], ['date.timezone', 'UTC\nextension=x'], ['error_reporting', 'E_ALL; extension = x'], ['error_reporting', '40000'], ['error_reporting', 'E_NOTHING'], ['error_reporting', 'system(1)'],
    ['extension', 'x.so'], ['zend_extension', 'x.so'], ['auto_prepend_file', '/x'], ['open_basedir', '/'], ['disable_functions', ''], ['sendmail_path', 'x'], ['__proto__', '1'], ['constructor', '1'], ['memory_limit\nx', '128M'],
    ['default_charset', 'UTF-7'], ['display_errors', { toString: () => 'On' }],
  ]
  for (const [name, value] of bad) assert.throws(() => parsePhp(Object.fromEntries([[name, value]])), { code: 'invalid' }, `${name}=${String(value)}`)
  for (const value of [null, [], 'x', 7]) assert.throws(() => parsePhp(value), { code: 'invalid' })
})

test('an ini file has a line for each, in the order of their names', () => {
  assert.equal(phpIni({}), '')
  assert.equal(phpIni(parsePhp({ memory_limit: '256M', 'date.timezone': 'Europe/Paris', error_reporting: 'E_ALL & ~E_DEPRECATED' })), 'date.timezone = Europe/Paris\nerror_reporting = E_ALL & ~E_DEPRECATED\nmemory_limit = 256M\n')
})

test('an image is a name or a version of one; a start command is one line', () => {
  for (const image of ['php', 'php@1', 'my-image@12']) assert.equal(parseImage(image), image)
  for (const bad of ['', 'php@', 'php@0', 'php@x', 'php@1@2', '@1', 'PHP', '../x', 'a/b', 7, null]) assert.throws(() => parseImage(bad), { code: 'invalid' }, String(bad))
  assert.equal(parseStart('  npm start '), 'npm start')
  assert.equal(parseStart('PORT=$PORT node "a b.js" # fine'), 'PORT=$PORT node "a b.js" # fine')
  for (const none of ['', '  ', null]) assert.equal(parseStart(none), null)
  for (const bad of ['a\nb', 'a\0', 'a\u202eb', 'x'.repeat(1001), 7, ['a']]) assert.throws(() => parseStart(bad), { code: 'invalid' }, String(bad))
})
