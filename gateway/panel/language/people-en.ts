// What the pages about people say in English: accounts, and the administrator's. Part of en.ts; people-fr.ts has the same keys.
export const peopleEn = {
  // Account
  account_since: 'With us since {when}', account_names: '{count} name(s)', account_names_of: '{count} of {most} names',
  sessions_title: 'Where you are signed in', sessions_lead: 'Don\'t know one of them? Sign out there, then change your password.', session_here: 'this browser', session_unknown: 'An unknown program', session_device: '{browser} on {system}',
  session_used: 'last used {when}', session_from: 'from {address}', session_end: 'Sign out there', session_end_name: 'Sign out of {name}', sessions_end_all: 'Sign out everywhere else', done_ended: 'Signed out there.',
  token_scope: 'What may it do?', token_all: 'everything I may', token_read: 'only look', token_deploy: 'deploy {site}', token_deploys: 'Deploy', token_may_all: 'may do everything', token_may_read: 'may only look', token_may_deploy: 'deploys {site}', token_for: 'Token for {name}', token_curl: 'With it, a new release is one line:',
  language_title: 'Language', language_lead: 'These pages speak it in every browser you sign in with.', language_browser: 'as the browser says', language_do: 'Save', done_language: 'Saved.',
  export_title: 'Take everything with you', export_lead: 'One zip: your account, every site with its files and database, and the backups of those you deleted. Nothing is asked, nothing is kept back.', export_do: 'Download everything',
  leave_title: 'Leave', leave_lead: 'Your account and all its sites go, and their names are free again after a while. A last backup of each site stays with the administrator for 30 days, in case you think again.', leave_confirm: 'To be sure, type {name}', leave_do: 'Delete my account', leave_mismatch: 'That is not your username.',
  gone_title: 'Goodbye', gone_lead: 'Your account is gone. Thank you for having stayed.',
}

export type PeopleSentences = Record<keyof typeof peopleEn, string>
