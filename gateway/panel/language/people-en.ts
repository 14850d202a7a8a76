// What the pages about people say in English: accounts, and the administrator's. Part of en.ts; people-fr.ts has the same keys.
export const peopleEn = {
  // First start
  first_title: 'The house is yours', first_lead: 'You opened the link from the terminal of {zone}: choose who you are here. You will be its administrator.', first_do: 'Become the administrator',

  // Names that can't be had
  name_empty: 'A name has at least one letter or digit.', name_long: 'A name has at most 63 letters.', name_capitals: 'Names are in small letters.', name_letters: 'A name consists of the letters a to z, digits and hyphens.', name_hyphens: 'A name neither starts nor ends with a hyphen.', name_third: 'A name has no two hyphens in the third and fourth place.',
  name_mixed: 'A name in other letters than a to z keeps to one script, and is no look-alike of Latin letters.', name_reserved: '{name} is kept for the house itself.', name_tools: 'Names that end in --tools are where the tools of sites live.', name_lookalike: '{name} looks like a name that is kept for the house itself.', name_taken: '{name} is taken.', name_resting: '{name} was given up a short time ago; only its last owner can take it back yet.',
  name_instead: 'Free:', name_known_as: '{unicode}, which the internet knows as {name}, is free.',

  // Account
  account_since: 'With us since {when}', account_names: 'names held: {count}', account_names_of: 'names held: {count} of {most}',
  sessions_title: 'Where you are signed in', sessions_lead: 'Don\'t know one of them? Sign out there, then change your password.', session_here: 'this browser', session_unknown: 'An unknown program', session_device: '{browser} on {system}',
  session_used: 'last used {when}', session_from: 'from {address}', session_end: 'Sign out there', session_end_name: 'Sign out there: {name}', sessions_end_all: 'Sign out everywhere else', done_ended: 'Signed out there.',
  token_scope: 'What may it do?', token_all: 'everything I may', token_read: 'only look', token_deploy: 'deploy {site}', token_deploys: 'Deploy', token_dyndns_all: 'say where my names point (dyndns2)', token_dyndns: 'say where {site} points (dyndns2)', token_may_dyndns: 'says where {site} points', token_may_dyndns_all: 'says where names point', token_router: 'In a router, ddclient or inadyn: protocol dyndns2, this house as the server, your username and this token. By hand:', token_may_all: 'may do everything', token_may_read: 'may only look', token_may_deploy: 'deploys {site}', token_for: 'Token for {name}', token_curl: 'With it, a new release is one line:',
  language_title: 'Language', language_lead: 'These pages speak it in every browser you sign in with.', language_browser: 'as the browser says', language_do: 'Save', done_language: 'Saved.',
  export_title: 'Take everything with you', export_lead: 'One zip: your account, every site with its files and database, and the backups of those you deleted. Nothing is asked, nothing is kept back.', export_do: 'Download everything',
  leave_title: 'Leave', leave_lead: 'Your account and all its sites go, and their names are free again after a while. A last backup of each site stays with the administrator for 30 days, in case you think again.', leave_confirm: 'To be sure, type {name}', leave_do: 'Delete my account', leave_mismatch: 'That is not your username.',
  gone_title: 'Goodbye', gone_lead: 'Your account is gone. Thank you for having stayed.',

  // The API to read
  api_title: 'The API', api_lead: 'Everything these pages do, scripts can do: JSON in and out, signed in with a token from your account page.', api_required: 'needed', api_anyone: 'for everyone', api_admin: 'administrators', api_owner: 'its owner',

  // The administrator's pages
  admin: 'House', admin_routes: 'Routes', admin_house: 'Health', admin_accounts: 'Accounts', admin_images: 'Images', admin_reports: 'Reports', admin_audit: 'Audit log',
  per_second: 'Per second', why_recent: 'used lately', why_requests: '{count} open', why_commands: '{count} command(s)',
  accounts_count: '{shown} of {all} accounts', accounts_none: 'No account matches.', quota: 'Limits', quota_none: 'no limit', quota_usual: 'as usual', quota_of: '{held} of {most}', quota_lead: 'What it may have in all. Empty: as much as everyone.', quota_names: 'Names', quota_domains: 'Custom domains', quota_disk: 'Disk promised to its sites, databases included', quota_memory: 'Memory of its sites', quota_has: 'It has {held}.',
  over_names: 'This account may hold {most} name(s), and this would be {wanted}. Delete one first, or ask the administrator.', over_domains: 'This account may have {most} custom domain(s), and this would be {wanted}. Remove one first, or ask the administrator.',
  over_disk: 'The sites of this account may take {most} of disk in all, databases included, and this would be {wanted}. Delete or shrink a site first, or ask the administrator.', over_memory: 'The sites of this account may use {most} of memory in all, and this would be {wanted}. Lower a site\'s first, or ask the administrator.',
  account_make_title: 'A new account', account_make: 'Make the account', done_account_made: 'The account is there.', done_account_gone: 'The account is gone.', sessions_count: 'browsers signed in: {count}', account_trail: 'What they did', account_no_sites: 'No site yet.',
  suspend_lead: 'Its sites sleep, and visitors read the reason. The account can look, but change nothing.', role_hint: 'An administrator sees and may do everything.', password_set_title: 'Another password', password_set_hint: 'Every browser of theirs is signed out.', done_password_set: 'They have a new password.',
  account_delete_title: 'Delete the account', account_delete_lead: 'It must hold no name any more: delete its sites first, one by one.', account_delete_do: 'Delete it',
  invite_link: 'link', invite_remove: 'Take back', done_uninvited: 'The invite is taken back.',
  class_link: 'Take in a class', class_title: 'Take in a class', class_lead: 'A list of names, as a spreadsheet saves it. Each person gets a username and a password; you get a sheet to print and cut up.', class_list: 'One person a line', class_hint: 'First and last name apart by comma, semicolon or tab; a line of headings is passed over.',
  class_file: 'or a CSV file', class_do: 'Make the accounts', sheet_title: 'A class moves in', sheet_lead: '{count} accounts made. The passwords are on this page and nowhere else: print it before you leave it.', sheet_print: 'Print the sheet',
  house_title: 'Health', house_memory: 'Memory for sites', house_memory_held: '{held} of {budget} in use', house_waiting: 'wakes waiting: {count}', house_machine_memory: '{free} of the machine\'s {all} free', house_free: '{free} free', house_disk: '{taken} taken by sites, {promised} promised to them',
  house_lacks: 'If every site filled its disk, {lacks} would be missing.', house_unknown: 'Not known: this house runs no pods, or its provisioner is away.', house_pods: 'Sites', house_counts: 'Accounts: {accounts}, routes: {routes}', house_processes: 'Processes', house_ready: 'there', house_away: 'away',
  house_since: 'Control started {when}', house_load: 'load {load} on {cores} core(s)', house_serial: 'Serial', house_names: 'Names', house_servers: 'Servers', house_no_dns: 'This house serves no DNS (--dns off).', house_certificates: 'Certificates', house_no_https: 'This house serves no HTTPS.',
  house_leaves: '{count} served, {trusted} of them trusted by every browser.', house_authority: 'The house\'s own authority ends on {when}.',
  images_title: 'Images', images_lead: 'What pods are made of. A site moves to the newest version when it next starts, or at once with a rolling restart that drops no request.', images_progress: 'Progress', images_none: 'Not built yet.', images_pinned: 'pinned', images_newest: 'newest', images_used: 'sites: {count}', images_pin: 'Go back to it', images_unpin: 'Use the newest again',
  images_remove: 'Remove', images_build: 'Build it', images_rebuild: 'Build anew', images_roll: 'Roll sites onto it', done_image_build: 'It is being built; that takes some minutes.', done_image_roll: 'Sites are being restarted, one after the other.', done_image_removed: 'Removed.', done_image_ready: 'Done.',
  audit_title: 'Audit log', audit_by: 'Who', audit_about: 'What', audit_action: 'Action', audit_none: 'Nothing of that kind was done.', audit_older: 'Older',
  reports_title: 'Reports', reports_none: 'Nobody has complained.', report_phishing: 'steals passwords', report_malware: 'spreads malware', report_illegal: 'breaks the law', report_spam: 'spam', report_other: 'something else', report_owner: 'Account {owner}', report_nobody: 'the site is gone', report_close: 'Dealt with', report_closed_by: 'closed by {who} {when}', report_contact_is: 'answer to {contact}', done_report_closed: 'Closed.',
  report_title: 'Report a site', report_lead: 'A site here does harm? Say so: the administrator of this house reads it.', report_host: 'Which site?', report_kind: 'What is it?', report_text: 'What did you see?', report_contact: 'How can you be reached? (optional)', report_contact_hint: 'Only the administrator sees it.', report_do: 'Send', done_reported: 'Thank you. The administrator will look at it.',
}

export type PeopleSentences = Record<keyof typeof peopleEn, string>
