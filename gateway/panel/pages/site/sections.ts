// The sections of a site's page, in the order of its tabs, and the cards in each. A new card is a template in views/site, a line here, and a file beside
// this one where it has data or forms. Called by show.ts.
import { domainsCard } from './domain-card.ts'
import { chartsCard } from './charts.ts'
import { editorCard, filesCard } from './files.ts'
import { choices } from './image.ts'
import { logCard } from './log.ts'
import { portsCard } from './ports.ts'
import type { Section } from './section.ts'
import { releasesCard } from './releases.ts'
import { pointsCard, recordsCard, wwwCard } from './records.ts'
import { uploadCard } from './upload.ts'
import { wakesCard } from './wakes.ts'

export const OVERVIEW: Section = {
  path: '', title: 'section_overview', usage: true, scripts: ['upload.js'],
  cards: [uploadCard, releasesCard, chartsCard, { view: 'usage' }, { view: 'address', any: true }, wakesCard],
}
export const FILES: Section = { path: 'files', title: 'files_title', scripts: ['files.js'], cards: [filesCard] }
export const EDITOR: Section = { path: 'files/edit', under: 'files', title: 'files_title', scripts: ['edit.js'], cards: [editorCard] }
export const CONSOLE: Section = { path: 'console', title: 'console_title', scripts: ['console.js'], styles: ['vendor/xterm.css'], cards: [{ view: 'console' }] }
export const LOGS: Section = { path: 'logs', title: 'log_title', scripts: ['log.js'], cards: [logCard] }
export const DATABASE: Section = { path: 'database', title: 'database_title', usage: true, data: choices, cards: [{ view: 'database' }, { view: 'tools' }] }
/** What leads to the site: records, domains, ports. */
export const DOMAINS: Section = { path: 'domains', title: 'section_domains', cards: [pointsCard, domainsCard, portsCard, recordsCard, wwwCard] }
export const BACKUP: Section = { path: 'backup', title: 'backup_title', scripts: ['upload.js'], cards: [{ view: 'backup' }, { view: 'restore' }] }
export const SETTINGS: Section = {
  path: 'settings', title: 'settings_title', data: choices,
  cards: [{ view: 'restart' }, { view: 'image' }, { view: 'environment' }, { view: 'switches' }, { view: 'limits' }, { view: 'php' }, { view: 'delete', any: true }],
}

export const SECTIONS: readonly Section[] = [OVERVIEW, FILES, EDITOR, CONSOLE, LOGS, DATABASE, DOMAINS, BACKUP, SETTINGS]
