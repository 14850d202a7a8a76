// Every command of `auberge`: its words, arguments and options. Read by parse.mjs and help.mjs; cli/ does what they say.
import { DATA, JSON_OUTPUT, RUNTIME, UP } from './options.mjs'
import * as value from './values.mjs'

/** @typedef {import('./options.mjs').Option} Option */
/**
 * @typedef {object} Command
 * @property {string} name one or two words
 * @property {string[]} args in order; `[NAME]` may be left out, `COMMAND…` takes all that follow `--`
 * @property {readonly Option[]} options
 * @property {string} help
 */

const COMMON = [DATA, JSON_OUTPUT]

/** @param {string} name @param {string} help @returns {Option} */
const flag = (name, help) => ({ name, takes: null, help })

/** @type {Option} */
const IMAGE = { name: 'image', takes: 'NAME[@VERSION]', help: 'the image its pod runs; without a version its newest' }

/** @type {Option} */
const ADDRESS = { name: 'address', takes: 'ADDRESS', many: true, help: 'of a name that points elsewhere, instead of a site: IPv4 or IPv6' }

/** @type {readonly Option[]} */
const LIMITS = [
  { name: 'memory', takes: 'BYTES[K|M|G]', read: value.bytes, help: 'memory its pod may use' },
  { name: 'cpu', takes: 'CORES', read: cores, help: 'processor cores its pod may use' },
  { name: 'disk', takes: 'BYTES[K|M|G]', read: value.bytes, help: 'size of its volume' },
  { name: 'database', takes: 'BYTES[K|M|G]', read: value.bytes, help: 'what its database may take' },
]

/** @type {readonly Option[]} */
const SETTINGS = [
  flag('www', 'www. of its name answers as it does'), flag('unset-www', 'no longer'),
  { name: 'env', takes: 'KEY=VALUE', many: true, read: assignment, help: 'a variable of its environment' },
  { name: 'env-stdin', takes: null, help: 'read lines of KEY=VALUE from standard input: secrets on a command line can be seen' },
  { name: 'unset-env', takes: 'KEY', many: true, help: 'take a variable away' },
  { name: 'php', takes: 'KEY=VALUE', many: true, read: assignment, help: 'a setting of PHP, such as memory_limit=256M' },
  { name: 'unset-php', takes: 'KEY', many: true, help: "PHP's setting as the image has it" },
  { name: 'start', takes: 'COMMAND', help: 'what starts its application, such as "npm start"' },
  { name: 'egress', takes: 'internet|none', read: (name, text) => value.oneOf(name, text, ['internet', 'none']), help: 'what its pod may reach of its own accord' },
  { name: 'ports', takes: 'N', read: (name, text) => value.whole(name, text, 0, 4), help: 'how many ports of its own IPv6 address its owner may open' },
  { name: 'unset-start', takes: null, help: "the image's own start command" },
]

/** @param {string} name @param {string} args @param {string} help @param {readonly Option[]} [options] @returns {Command} */
function command(name, args, help, options = []) {
  return { name, args: args === '' ? [] : args.split(' '), help, options: [...options, ...COMMON] }
}

/** @type {readonly Command[]} */
export const COMMANDS = [
  { name: 'up', args: [], options: UP, help: 'install what is missing and start everything' },
  command('setup', '', 'install what is missing, start nothing', [RUNTIME, flag('tests', 'also what the test suite needs')]),
  command('doctor', '', 'check the machine and the house', [RUNTIME]),
  command('account create', 'NAME', 'make an account; asks for its password', [
    flag('admin', 'an administrator'), flag('password-stdin', 'read the password from standard input')]),
  command('account list', '', 'all accounts'),
  command('account suspend', 'NAME', 'lock an account out and take its sites off line', [{ name: 'reason', takes: 'TEXT', help: 'shown to visitors of its sites' }]),
  command('account resume', 'NAME', 'undo a suspension'),
  command('account update', 'NAME', 'change its role, what it may have in all, or its password', [
    { name: 'role', takes: 'user|admin', read: (name, text) => value.oneOf(name, text, ['user', 'admin']), help: 'an administrator sees and may do everything' },
    { name: 'names', takes: 'N|usual', read: quota, help: 'how many names it may hold; usual: as many as everyone' }, { name: 'custom-domains', takes: 'N|usual', read: quota, help: 'how many custom domains' },
    { name: 'disk', takes: 'BYTES[K|M|G]|usual', read: room, help: 'what its sites may be promised of the disk in all, databases included' }, { name: 'memory', takes: 'BYTES[K|M|G]|usual', read: room, help: 'what its sites may use of memory in all' }, flag('password-stdin', 'a new password, from standard input')]),
  command('account import', 'FILE', 'make accounts for a class: a name a line; prints usernames and passwords, once'),
  command('account delete', 'NAME', 'remove an account that holds no name'),
  command('invite create', '', 'make an invitation', [
    { name: 'uses', takes: 'N', fallback: '1', read: (name, text) => value.whole(name, text, 1, 1000), help: 'how many accounts it makes' }]),
  command('invite list', '', 'all invitations'),
  command('invite remove', 'CODE', 'take an invitation back'),
  command('house', '', 'how the house is: memory, disk, sites, processes'),
  command('audit', '', 'who did what, the newest first', [
    { name: 'most', takes: 'N', fallback: '100', read: (name, text) => value.whole(name, text, 1, 9999), help: 'how many lines' },
    { name: 'by', takes: 'ACCOUNT', help: 'what one person did' }, { name: 'about', takes: 'NAME', help: 'what was done to one site or account' }, { name: 'action', takes: 'TEXT', help: 'how the action begins, such as site.' }]),
  command('report list', '', 'what visitors reported, open reports first'),
  command('report close', 'ID', 'a report has been dealt with'),
  command('site create', 'NAME', 'reserve a name and make its site', [
    { name: 'owner', takes: 'ACCOUNT', help: 'whose it is' }, IMAGE, ADDRESS]),
  command('site list', '', 'all sites'),
  command('site show', 'NAME', 'one site'),
  command('site deploy', 'NAME FILE', 'replace its document root by FILE.zip, FILE.tar.gz or a directory'),
  command('site rollback', 'NAME [RELEASE]', 'show an earlier release again; without one, the one before'),
  command('site update', 'NAME', 'change image, limits or settings', [IMAGE, ...LIMITS, ...SETTINGS, ADDRESS]),
  command('site wake', 'NAME', 'start its pod'),
  command('site wakes', 'NAME', 'its last wakes: when, why and how long'),
  command('site sleep', 'NAME', 'stop its pod', [
    { name: 'tier', takes: 'frozen|asleep', fallback: 'asleep', read: (name, text) => value.oneOf(name, text, ['frozen', 'asleep']), help: 'how deep' }]),
  command('site restart', 'NAME', 'stop and start its pod'),
  command('site exec', 'NAME COMMAND…', 'run a command in its pod, or in a workshop while it sleeps', [
    { name: 'tty', letter: 't', takes: null, help: 'with a terminal' }]),
  command('site logs', 'NAME', 'what its pod wrote', [{ name: 'follow', letter: 'f', takes: null, help: 'go on as more comes' }, { name: 'access', takes: null, help: 'who asked for what, instead' }]),
  command('site files', 'NAME [PATH]', 'what is in a directory below its home, /var/www'),
  command('site get', 'NAME PATH FILE', 'fetch one of its files'),
  command('site put', 'NAME FILE PATH', 'put a file in its place, such as html/index.html'),
  command('site database', 'NAME', 'how to reach its database, password included', [flag('rotate', 'give it a new password; restarts the site if it runs')]),
  command('site domain add', 'NAME DOMAIN', 'claim a custom domain; says what to set in DNS', [flag('www', 'also www. of it')]),
  command('site domain list', 'NAME', 'its custom domains'),
  command('site domain check', 'NAME DOMAIN', 'look at its DNS now'),
  command('site domain canonical', 'NAME DOMAIN', 'send visitors of its other hosts there', [flag('off', 'no longer')]),
  command('site domain remove', 'NAME DOMAIN', 'give a custom domain back'),
  command('site records', 'NAME [FILE]', 'the DNS records under its name; FILE (- for standard input) replaces them, a line NAME [TTL] TYPE DATA each'),
  command('site backup', 'NAME FILE', 'save its files, database and settings as a tar.gz'),
  command('site restore', 'NAME FILE', 'bring a backup back, of this site or another', [{ name: 'owner', takes: 'ACCOUNT', help: 'make the site first, for this account' }]),
  command('site delete', 'NAME', 'remove the site and free its name', [flag('yes', 'really'), flag('purge', 'without a final backup')]),
  command('final list', '', 'final backups of deleted sites'),
  command('final fetch', 'ID FILE', 'save one in a file'),
  command('final restore', 'ID [NAME]', 'bring a deleted site back, by its own or another name'),
  command('final remove', 'ID', 'remove one before its time'),
  command('site expose', 'NAME PORT', "lead a TCP port of the site's own IPv6 address to its pod", [flag('proxy-protocol', 'tell the pod who the visitor is: PROXY protocol, version 1')]),
  command('site unexpose', 'NAME PORT', 'close it, and every connection to it'),
  command('zone records', '[FILE]', 'the DNS records of the zone itself, shown or replaced in the same way'),
  command('routes', '', 'the routing table'),
  command('image build', '[NAME]', 'build a new version of an image: php, static, node, python or mariadb', [flag('if-changed', 'keep the newest version where nothing else comes out')]),
  command('image list', '', 'all images'),
  command('image roll', '[NAME]', 'restart the sites that run on an older version, one after the other, dropping no request'),
  command('image pin', 'NAME@VERSION', 'have all sites use an earlier version (then roll)'),
  command('image unpin', 'NAME', 'have all sites use the newest version again (then roll)'),
  command('image remove', 'NAME', 'remove a version (php@1), or an image whole, that no site uses'),
  command('dns ds', '', 'the DS record that the parent of a signed zone is to have, and what to do next'),
  command('dns roll', '', "begin a change of the zone's key"),
  command('dns confirm', '', 'the parent zone has the DS that dns ds shows, or none any more after dns withdraw'),
  command('dns cancel', '', 'call off a change that the parent needs not know of yet'),
  command('dns withdraw', '', 'begin to leave signing: the zone stays signed until resolvers have forgotten its DS'),
  command('ca export', 'FILE', "the house's own certificate authority, for browsers", [flag('p12', 'as PKCS#12'), flag('domains', 'the authority of custom domains instead')]),
  command('acme show', '', 'how orders of certificates at the ACME server stand'),
  command('acme renew', '[NAME]', "order another certificate now; without a name the zone's"),
  command('acme revoke', '[NAME]', 'order another and have the one there was revoked: its key was stolen', [flag('yes', 'really')]),
  command('acme rollover', '', 'another key for the account with the ACME server'),
  command('backup', 'FILE', 'save the whole house in one file while it runs', [flag('with-keys', "also the keys of certificates, of the house's own authority and of a signed zone")]),
  command('restore', 'FILE', 'bring the whole house back, into an empty data directory', [RUNTIME]),
]

/** @param {string} name @param {string} text */
function quota(name, text) {
  return text === 'usual' ? text : value.whole(name, text, 0, 100_000)
}

/** @param {string} name @param {string} text */
function room(name, text) {
  return text === 'usual' ? text : value.bytes(name, text)
}

/** @param {string} name @param {string} text */
function cores(name, text) {
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(text) || Number(text) < 0.01) throw value.bad(name, text, 'a number of cores such as 0.5')
  return Number(text)
}

/** @param {string} name @param {string} text @returns {[string, string]} */
function assignment(name, text) {
  const at = text.indexOf('=')
  if (at < 1) throw value.bad(name, text, 'KEY=VALUE')
  return [text.slice(0, at), text.slice(at + 1)]
}
