// What the pages about people say in French, with the keys of people-en.ts. Part of fr.ts.
import type { PeopleSentences } from './people-en.ts'

export const peopleFr: PeopleSentences = {
  account_since: 'Chez nous depuis le {when}', account_names: '{count} nom(s)', account_names_of: '{count} noms sur {most}',
  sessions_title: 'Où vous êtes connecté', sessions_lead: 'L’une d’elles ne vous dit rien ? Déconnectez-la, puis changez de mot de passe.', session_here: 'ce navigateur', session_unknown: 'Un programme inconnu', session_device: '{browser} sous {system}',
  session_used: 'utilisée {when}', session_from: 'depuis {address}', session_end: 'Déconnecter', session_end_name: 'Déconnecter {name}', sessions_end_all: 'Déconnecter partout ailleurs', done_ended: 'Déconnecté là-bas.',
  token_scope: 'Que peut-il faire ?', token_all: 'tout ce que je peux faire', token_read: 'seulement regarder', token_deploy: 'mettre {site} en ligne', token_deploys: 'Mettre en ligne', token_may_all: 'peut tout faire', token_may_read: 'peut seulement regarder', token_may_deploy: 'met {site} en ligne', token_for: 'Jeton pour {name}', token_curl: 'Avec lui, une nouvelle version tient en une ligne :',
  language_title: 'Langue', language_lead: 'Celle de ces pages, dans chaque navigateur où vous vous connectez.', language_browser: 'celle du navigateur', language_do: 'Enregistrer', done_language: 'Enregistré.',
  export_title: 'Tout emporter', export_lead: 'Un zip : votre compte, chaque site avec ses fichiers et sa base de données, et les sauvegardes de ceux que vous avez supprimés. Sans rien demander, sans rien garder.', export_do: 'Tout télécharger',
  leave_title: 'Partir', leave_lead: 'Votre compte et tous ses sites disparaissent, et leurs noms redeviennent libres après un moment. Une dernière sauvegarde de chaque site reste 30 jours chez l’administrateur, au cas où vous changeriez d’avis.', leave_confirm: 'Pour confirmer, tapez {name}', leave_do: 'Supprimer mon compte', leave_mismatch: 'Ce n’est pas votre nom d’utilisateur.',
  gone_title: 'Au revoir', gone_lead: 'Votre compte n’existe plus. Merci d’être passé.',
}
