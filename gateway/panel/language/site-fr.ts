// The sentences of a site's tools in French, with the keys of site-en.ts.
import type { SiteSentences } from './site-en.ts'

export const frSite: SiteSentences = {
  files_title: 'Fichiers', files_lead: 'Ce que voient les visiteurs est dans html. Ce que vous y changez est en ligne aussitôt.', files_home: 'accueil', files_name: 'Nom', files_size: 'Taille', files_changed: 'Modifié', files_empty: 'Il n’y a rien ici pour l’instant.',
  files_truncated: 'Seuls les {count} premiers sont affichés.', files_other: 'pas un fichier', files_link: 'lien', files_where: 'Où vous êtes', files_up: 'Remonter',
  files_new: 'Nouveau', files_new_name: 'Nom', files_new_file: 'Nouveau fichier', files_new_directory: 'Nouveau dossier', files_upload: 'Envoyer des fichiers', files_upload_drop: 'Déposez des fichiers ou des dossiers ici, ou choisissez-en', files_upload_do: 'Envoyer ici',
  files_this: 'Ce dossier', files_move: 'Renommer ou déplacer', files_move_to: 'Nouveau nom, ou chemin depuis l’accueil', files_move_do: 'Renommer', files_remove: 'Supprimer', files_remove_lead: 'Cela disparaît aussitôt, avec tout ce qui s’y trouve. Une sauvegarde l’aurait encore.', files_remove_do: 'Supprimer {name}',
  files_kept: 'html et releases contiennent ce que vous mettez en ligne : ils restent.', files_download: 'Télécharger', files_save: 'Enregistrer', files_saved: 'Enregistré.', files_unsaved: 'Pas encore enregistré', files_editor: 'Contenu de {name}', files_back: 'Revenir au dossier',
  files_binary: 'Ce fichier n’est pas du texte : il ne peut pas être modifié ici. Téléchargez-le, ou envoyez-en un autre à sa place.', files_large: 'Ce fichier fait {size} : c’est trop pour être modifié ici. Téléchargez-le, ou envoyez-en un autre à sa place.', files_odd: 'Cela ne peut pas être ouvert ici.',
  files_conflict: 'Quelqu’un d’autre a changé ce fichier pendant que vous le modifiiez. Votre version est ci-dessous, pas encore enregistrée.', files_theirs: 'Voir la sienne', files_force: 'Enregistrer la mienne à sa place',
  files_busy: 'Envoi de {name}… {percent} %', files_done: '{count} envoyé(s).',
  done_file_saved: 'Enregistré.', done_file_made: 'C’est fait.', done_file_moved: 'Renommé.', done_file_removed: 'Supprimé.', done_file_uploaded: 'Envoyé.',

  console_title: 'Console', console_lead: 'Vous êtes root ici, dans le conteneur de ce site : ce que vous y faites ne touche rien d’autre. Si le site dort, vous travaillez sur ses fichiers sans le réveiller.', console_label: 'Terminal de {name}', console_start: 'Ouvrir une console', console_connecting: 'Ouverture…',
  console_ended: 'La console est terminée.', console_lost: 'La connexion est perdue.', console_revoked: 'La console a été fermée : vous êtes déconnecté, ou le site est suspendu.', console_idle: 'Fermée, car personne n’a rien tapé pendant une demi-heure.', console_leave: 'Maj+Tab quitte le terminal.', console_noscript: 'La console a besoin de JavaScript.',
  tools_title: 'Adminer', tools_lead: 'Tables, lignes et SQL dans le navigateur, avec l’accès à cette seule base. Il tourne dans le site même, qui s’éveille pour lui.', tools_open: 'Ouvrir Adminer', tools_opening: 'Ouverture d’Adminer…', tools_go: 'Si rien ne se passe, suivez ce lien. Il sert une fois, pendant une minute.',
  tools_closed: 'Ouvrez ceci depuis la page de votre site : c’est elle qui vous identifie.', tools_none: 'Adminer est dans l’image php ; ce site en a une autre. Un client MySQL dans sa console atteint aussi la base.',
  standing_lost: 'Pas de connexion avec la maison ; nouvel essai. Ce que vous voyez ici peut dater.', standing_gone: 'Ce site n’existe plus : il a été supprimé.', standing_out: 'Vous êtes déconnecté. Reconnectez-vous pour continuer.', upload_cancel: 'Annuler', upload_cancelled: 'Annulé. Rien n’a changé.', files_unsent: 'Pas enregistré : pas de connexion avec la maison. Réessayez.',
  upload_pack: 'Préparation…', upload_folder: 'Choisir un dossier',
  charts_title: 'Les sept derniers jours', chart_wakes: 'Réveils', chart_most: 'au plus {most} en 2 h', chart_peak: 'au plus {most}', chart_nothing: 'rien pour l’instant',
  log_error: 'Erreurs', log_visits: 'Visites', log_pod: 'Tout ce qu’écrit le pod', log_which: 'Quel journal', log_nothing: 'Rien pour l’instant.',
}
