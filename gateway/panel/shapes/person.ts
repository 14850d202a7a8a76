// People as the API answers them: accounts, sessions, tokens, invites, reports, the audit log.
import { Type } from '@fastify/type-provider-typebox'
import { bytes, flag, moment, orNull, shape, text, whole, word } from './shape.ts'

export const role = word('user', 'admin')

/** What an account has, and may have in all; null: as the house says. */
const holdings = {
  domains: whole, disk: Type.Integer({ description: 'bytes promised to its sites, databases included' }), memory: Type.Integer({ description: 'bytes its sites may use' }),
  mostNames: orNull(whole), mostDomains: orNull(whole), mostDisk: orNull(bytes), mostMemory: orNull(bytes),
}

export const Signed = shape('Signed', { username: text, role })

export const Me = shape('Me', { username: text, role, suspended: orNull(text), createdAt: moment, language: orNull(word('en', 'fr')), names: whole, ...holdings })

export const Account = shape('Account', { username: text, role, state: word('active', 'suspended'), reason: orNull(text), createdAt: moment, sites: whole, ...holdings })

export const Session = shape('Session', { id: text, current: flag, browser: orNull(text), system: orNull(text), address: text, createdAt: moment, lastUsedAt: moment, expiresAt: moment })

const scope = word('all', 'read', 'deploy', 'dyndns')
export const Token = shape('Token', { id: text, name: text, scope, site: orNull(text), createdAt: moment, lastUsedAt: orNull(moment) })
export const NewToken = shape('NewToken', { id: text, token: Type.String({ description: 'shown here and never again' }), scope, site: orNull(text) })

export const Person = shape('Person', { person: text, username: text, password: Type.String({ description: 'shown here and never again' }) })

export const Invite = shape('Invite', { code: text, uses: whole, used: whole, createdAt: moment, expiresAt: moment })

export const Report = shape('Report', {
  id: whole, at: moment, host: text, kind: word('phishing', 'malware', 'illegal', 'spam', 'other'), text, contact: orNull(text), closedAt: orNull(moment), closedBy: orNull(text),
  site: orNull(text), owner: orNull(text),
})

export const Entry = shape('AuditEntry', { id: whole, at: moment, actor: text, action: text, subject: text, detail: orNull(text) })
