// Every sentence of the panel in English. fr.ts has the same keys, enforced by its type.
import { enSite } from './site-en.ts'
import { houseEn } from './house-en.ts'
import { peopleEn } from './people-en.ts'

export const en = {
  ...enSite,
  ...peopleEn,
  ...houseEn,

  // Frame
  tagline: 'A room for every site', skip: 'Skip to the content', navigation: 'Main', sites: 'Sites', account: 'Account', routes: 'Routes',
  accounts: 'Accounts', signin: 'Sign in', signup: 'Sign up', signout: 'Sign out', language: 'Language', signed_in_as: 'Signed in as {name}',
  you_are_suspended: 'Your account is suspended: {reason} You can look, but not change anything.', api: 'API',

  // Front page
  front_title: 'Your site, with the light on when someone calls.',
  front_lead: 'Pick a name under {zone}. A second later it resolves and has its own Apache and PHP: a room of your own, where nobody else gets in.',
  front_name: 'What should it be called?', front_go: 'Take this room', front_sleep_title: 'It sleeps, and wakes in a blink',
  front_sleep: 'A site nobody visits uses nothing. The first visitor wakes it, before they notice.',
  front_own_title: 'You hold the key', front_own: 'Your files, your database, your settings. Root in your own pod, and no way into anyone else\'s.',
  front_deploy_title: 'Drop a zip, it is live', front_deploy: 'Drag it onto the page or send it with one line of curl. Every release is kept, and the last one is a click away.',
  front_closed: 'This house takes in guests by appointment: ask its administrator for an account.', front_sites: 'Go to your sites',

  // Signing up and in
  signup_title: 'Move in', signup_lead: 'An account, then a name. That is all.', username: 'Username', username_hint: 'Lower-case letters, digits and hyphens.',
  password: 'Password', password_hint: 'A long one is a good one: several words do well.', invite: 'Invite code', signup_do: 'Create my account',
  have_account: 'You have an account already?', signin_title: 'Welcome back', signin_do: 'Sign in', no_account: 'No account yet?',
  signup_closed_title: 'Sign-up is closed',

  // Dashboard
  sites_title: 'Your sites', sites_empty: 'No site yet. Give the first one a name, below.', reserve_title: 'Reserve a name', name: 'Name',
  reserve: 'Reserve', name_hint: 'Letters a to z, digits and hyphens; up to 63.', name_checking: 'Looking…', name_free: '{name} is free.', open_site: 'Open {name}',
  manage: 'Manage', external: 'points elsewhere', all_sites: 'all sites of this house are in the {link}', owned_by: 'of {owner}',

  // Site page
  section_overview: 'Overview', section_domains: 'Domains', sections: 'Parts of this page', address: 'Address', state: 'State', woken_by: 'Last woken {when} in {ms} ms by {cause}', cause_visitor: 'a visitor', cause_robot: 'a robot', cause_tool: 'a program',
  cause_owner: 'its owner', cause_admin: 'an administrator', cause_cron: 'its timetable',
  awake_since: 'Awake since {when}:', awake_requests: '{count} requests, WebSockets or event streams are open.', awake_commands: '{count} commands run in it.', awake_recent: 'used a short time ago; it falls asleep {when} if nobody comes.',
  wakes_title: 'Last wakes', wakes_empty: 'Nobody has woken this site yet.', wake_when: 'When', wake_took: 'Took', wake_outcome: 'Outcome', wake_ms: '{ms} ms', wake_queued: '{ms} ms of it in the queue',
  wake_ok: 'awake', wake_failed: 'failed', wake_no_room: 'no memory to spare', wake_left: 'the visitor left', failure: 'What went wrong', upload_title: 'Upload', upload_lead: 'Your folder as it is, or a zip or tar.gz of it. It replaces what visitors see, in one step.',
  upload_file: 'Archive', upload_do: 'Put it live', upload_drop: 'Drop a folder or a zip here, or choose a zip', upload_busy: 'Uploading… {percent} %', upload_unpack: 'Unpacking…',
  upload_failed: 'The upload didn\'t get through. Try again.', upload_curl: 'From a terminal:', power_title: 'The light', power_lead: 'You never have to: visitors wake the site, and quiet puts it to sleep.', wake: 'Wake', sleep: 'Sleep', restart: 'Restart',
  releases_title: 'Releases', releases_empty: 'Nothing uploaded yet: visitors see the welcome page.', release_first: 'What was there first', release_now: 'live now', rollback: 'Go back to this one',
  log_title: 'Log', log_follow: 'Follow', log_stop: 'Stop following', log_raw: 'As plain text', usage_title: 'What it uses', memory: 'Memory', disk: 'Disk', files: 'Files',
  cpu: 'Processor', processes: 'Processes', of_limit: '{used} of {limit}', up_to: 'up to {limit}', cores: '{count} core(s)', asleep_uses_nothing: 'nothing while asleep', image: 'Image', created: 'Created', details_title: 'Details',
  backup_title: 'Backup', backup_lead: 'All files and the database as they are at one moment, and the settings of this site. Keep it as carefully as a password: the environment is in it.', backup: 'Download a backup',
  restore_title: 'Restore a backup', restore_lead: 'Files, database and settings of the backup replace what is here. If anything is wrong with it, nothing changes.', restore_drop: 'Drop a backup here, or choose one', restore_do: 'Restore it', restore_unpack: 'Restoring…', done_restored: 'Restored. All is as it was in the backup.',
  settings_title: 'Settings', switches_title: 'Who wakes it, what it reaches', restart_needed: 'The site runs with earlier settings until it next starts.', done_saved: 'Saved.',
  image_newest: '{image}, the newest', image_runs: 'It runs on {image}.', image_hint: 'A version of its own stays the same when the administrator builds a newer one.', save_image: 'Save the image',
  start: 'Start command', start_hint: 'One line, run in the document root; the program listens on $PORT. Empty: as the image has it.', save_start: 'Save the command',
  env: 'Environment', env_lines: 'Variables', image_which: 'Which one', env_hint: 'NAME=value, one a line.', save_env: 'Save the environment',
  limits: 'Limits', limit_cpu: 'Processor cores', save_limits: 'Save the limits',
  php_title: 'PHP settings', php_hint: 'What is left empty is as the image has it.', php_default: 'as the image has it', php_such_as: 'such as {example}', save_php: 'Save the PHP settings',
  robots_wake: 'Robots wake this site, too', robots_hint: 'Search engines then find it however rarely people come; scanners keep it awake as well.', save_robots: 'Save the switch', done_robots: 'Saved.',
  egress_internet: 'This site may call out to the internet', egress_hint: 'Without it, whatever gets into the site can send nothing out and fetch nothing. Visitors are answered all the same.', save_egress: 'Save this choice', done_egress: 'Saved. It holds already.',
  ports_title: 'Ports of its own', ports_lead: 'Programs in the pod that speak something else than HTTP are reached at {address}, on the ports that are open.', ports_none: 'None is open.', port: 'Port', port_hint: 'A TCP port from 1 to 65535, the same outside and in the pod.',
  port_open: 'Open it', port_close: 'Close', port_close_which: 'Close port {port}', port_proxy: 'Tell the program who the visitor is', port_proxy_hint: 'It must understand the PROXY protocol. Without it every visitor has the address of the gateway.', done_port_opened: 'The port is open.', done_port_closed: 'The port is closed, and so is every connection to it.',
  ports_most: 'Ports its owner may open', ports_most_hint: 'Those that are open stay.', ports_allow: 'Save this number',
  finals_title: 'Deleted sites', finals_lead: 'The last backup of a deleted site is kept for 30 days. Until then its name is yours to take back, with everything in it.', finals_empty: 'There is none.', finals_link: 'Deleted sites ({count})',
  deleted_on: 'deleted {when}', kept_until: 'kept until {when}', revive: 'Bring back', revive_name: 'Bring back {name}', fetch: 'Download', fetch_name: 'Download the backup of {name}', final_remove: 'Remove for good', final_remove_name: 'Remove for good: the backup of {name}',
  done_revived: 'It is back, as it was.', done_removed: 'Removed for good.',
  database_title: 'Database', database_lead: 'MySQL, for this site alone. Its pod finds all of this in the variables DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD.', database_host: 'Host', database_name: 'Database name',
  database_user: 'User', database_password: 'Show the password', database_size: 'Size', database_rotate: 'New password', database_rotate_hint: 'The site is restarted if it runs. Where the password stands in a file of yours, change it there.', done_rotated: 'The database has a new password.',
  www_too: 'www.{name} answers as {name} does', www_hint: 'A DNS record of your own at www comes first.', save_www: 'Save this choice', done_www: 'Saved. It holds already.',
  records_title: 'DNS records', records_lead: 'For mail, proofs and services under {name}: A, AAAA, CNAME, MX, TXT, SRV and CAA. They are answered a moment after you save them.', records_lines: 'Records', records_hint: 'One a line: NAME [TTL] TYPE DATA. @ is the name itself, * stands for any name below. Host names are whole ones. Lines that begin with ; are left out.',
  save_records: 'Save the records', done_records: 'Saved. DNS answers them already.', points_title: 'Where it points', points_lead: 'This name leads to addresses elsewhere. A router or a program that speaks dyndns2 can keep them up to date by itself.', points_addresses: 'Addresses',
  points_router: 'For a router: protocol dyndns2, server {zone}, path /nic/update, host {name}, your username, and a token as the password.', points_account: 'Make a token', point_title: 'Point a name elsewhere', point_lead: 'A name for a machine of your own, at home for instance. A router can keep its address up to date.', point_do: 'Reserve and point', points_hint: 'IPv4 and IPv6 addresses, with spaces between them.', save_points: 'Save the addresses', done_points: 'Saved. DNS answers them already.',
  delete_title: 'Move out', delete_lead: 'The site, its files and its name go. A last backup is kept for a while, and the name stays yours to take back for some time.',
  delete_confirm: 'To be sure, type {name}', delete_do: 'Delete this site', delete_mismatch: 'That is not the name of this site.',
  done_created: 'The name is yours. It resolves and routes already.', done_deployed: 'Live. Go and look.', done_woken: 'The light is on.', done_slept: 'Good night.',
  done_restarted: 'Restarted.', done_rolled_back: 'The earlier release is live again.', done_yours: 'You have this name already: here it is.', done_deleted: 'Deleted. For 30 days you can bring it back, as it was.', done_password: 'Password changed. Every other browser is signed out.',
  done_revoked: 'Token revoked.', done_suspended: 'Suspended.', done_resumed: 'Resumed.', done_invited: 'The invite is below.',

  // States
  state_creating: 'Being built', state_running: 'Awake', state_frozen: 'Dozing', state_asleep: 'Asleep', state_waking: 'Waking', state_sleeping: 'Falling asleep',
  state_failed: 'Failed', state_suspended: 'Suspended',

  // Account
  account_title: 'Your account', tokens_title: 'Tokens', tokens_lead: 'For scripts: a token signs in as you, in the header Authorization: Bearer.', tokens_empty: 'No token yet.', token_name: 'What is it for?',
  token_make: 'Make a token', token_once: 'Copy it now: it is shown only this once.', token_used: 'last used {when}', token_unused: 'never used', revoke: 'Revoke', password_title: 'Password',
  password_current: 'Current password', password_new: 'New password', password_do: 'Change password',

  // Admin
  routes_title: 'Routing table', routes_filter: 'Filter', routes_show: 'Show', routes_count: '{shown} of {all} routes', routes_live: 'live', routes_lost: 'connection lost, trying again', routes_more: 'Show more', host: 'Host', kind: 'Kind', owner: 'Owner', upstream: 'Upstream', requests: 'Requests', in_flight: 'In flight',
  last_request: 'Last request', last_wake: 'Last wake', routes_none: 'No route matches.', kind_site: 'site', kind_static: 'static', kind_panel: 'panel', never: 'never', why: 'Why',
  accounts_title: 'Accounts', role: 'Role', role_user: 'user', role_admin: 'admin', active: 'active', suspended: 'suspended', suspend: 'Suspend', resume: 'Resume', reason: 'Reason, as visitors read it',
  since: 'Since', invites_title: 'Invites', invites_empty: 'No invite yet.', invite_uses: 'For how many people?', invite_make: 'Make an invite', invite_used: '{used} of {uses} used', invite_expires: 'until {when}', code: 'Code', actions: 'Actions',

  // Error pages
  error_title: 'That didn\'t work', error_back: 'Back to the front page', not_found_title: 'Nobody lives here',

  // Errors, by code: what the API and the forms say
  error_bad_request: 'The request can\'t be understood.', error_bad_name: 'That is not a name.', error_unauthenticated: 'Sign in first.', error_bad_credentials: 'Wrong username or password.',
  error_forbidden: 'You may not do that.', error_signup_closed: 'Nobody can sign up here by themselves. Ask the administrator for an account.', error_invite_invalid: 'This invite code is not valid, or used up. Ask the administrator for one.',
  error_bad_origin: 'A change must come from this page, not from another site.', error_https_required: 'Passwords are not sent in the clear. Open this page with https://', error_quota: 'You have reached your limit. The administrator can allow more.', error_not_found: 'There is nothing here.',
  error_method_not_allowed: 'That can\'t be done with this.', error_name_taken: 'This name is taken. Choose another.', error_username_taken: 'This username is taken. Choose another.', error_conflict: 'That is not possible as things are.', error_too_large: 'That is too large.',
  error_unsupported_type: 'That kind of file or data isn\'t taken here.', error_invalid: 'Something in there isn\'t valid.', error_name_invalid: 'A name has 1 to 63 letters a to z, digits and hyphens, and neither begins nor ends with a hyphen.', error_name_reserved: 'This name is kept for the house itself. Choose another.',
  error_username_invalid: 'A username has lower-case letters, digits and hyphens, and begins with a letter.', error_password_weak: 'This password is too short or too easy to guess. Take a longer one.', error_bad_archive: 'This archive can\'t be used.', error_rate_limited: 'Too many tries. Wait a little, then try again.',
  error_failed: 'Something went wrong here. It has been logged.', error_unavailable: 'Not possible just now. Try again in a moment.', error_no_room: 'Too many sites are awake for this one to start. Try again in a moment.', error_wake_failed: 'The site didn\'t wake up.', error_timeout: 'That took too long.',

  // Custom domains
  error_domain_taken: 'Another account has this domain.', error_domain_invalid: 'That can\'t be a domain of a site.',
  domains_title: 'Your own domains', domains_lead: 'The site answers at its name here, and at every domain of yours that you prove and lead here. Visitors of all others are sent to the one that you make the address.',
  domain: 'Domain', domain_add: 'Add a domain', domain_add_do: 'Add it', domain_hint: 'Such as example.org or shop.example.org: a name that you have already.', domain_www: 'Also www. of it',
  domain_pending: 'not proven yet', domain_verified: 'yours', domain_lapsed: 'leads elsewhere', domain_is_canonical: 'the address', domain_make_canonical: 'Make it the address', domain_uncanonical: 'No longer the address',
  domain_check: 'Look again', domain_remove: 'Give it back', domain_looked: 'Looked at {when}.', domain_until: 'If nothing proves it, it is forgotten on {when}.', domain_records: 'What to set in DNS',
  domain_how: 'At whoever manages the domain\'s DNS, set the first record, which proves that the domain is for this site, and the others, which lead visitors here. A change may take some minutes to be seen everywhere.',
  domain_how_held: 'The first record proves that the domain is for this site; the others lead visitors here.', record_type: 'Type', record_name: 'Name', record_value: 'Value',
  finding_never: 'Nobody has looked yet.', finding_here: 'It leads here.', finding_elsewhere: 'It leads somewhere else.', finding_mixed: 'It leads here and somewhere else: some visitors don\'t arrive. Take the other addresses away.',
  finding_nowhere: 'It has no address in DNS, or doesn\'t exist.', finding_unanswered: 'DNS didn\'t answer. We will look again.', finding_unproven: 'It leads here, but that alone doesn\'t show that it is yours: set the TXT record.', finding_taken: 'Another account has this domain: set the TXT record if it is yours.',
  done_domain_added: 'Added. Below is what to set in DNS.', done_domain_checked: 'We looked. The result is below.', done_domain_canonical: 'Saved. Visitors are sent there already.', done_domain_removed: 'Given back.',
}

export type Sentences = Record<keyof typeof en, string>
