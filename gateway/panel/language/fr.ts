// Every sentence of the panel in French, with the keys of en.ts.
import type { Sentences } from './en.ts'
import { frSite } from './site-fr.ts'
import { houseFr } from './house-fr.ts'
import { peopleFr } from './people-fr.ts'

export const fr: Sentences = {
  ...frSite,
  ...peopleFr,
  ...houseFr,

  tagline: 'Une chambre pour chaque site', skip: 'Aller au contenu', navigation: 'Principale', sites: 'Sites', account: 'Compte', routes: 'Routes',
  accounts: 'Comptes', signin: 'Se connecter', signup: 'S’inscrire', signout: 'Se déconnecter', language: 'Langue', signed_in_as: 'Connecté : {name}',
  you_are_suspended: 'Votre compte est suspendu : {reason} Vous pouvez regarder, mais rien modifier.', api: 'API',

  front_title: 'Votre site, allumé dès que quelqu’un frappe.',
  front_lead: 'Choisissez un nom sous {zone}. Une seconde plus tard, il répond et dispose de son propre Apache et son PHP : une chambre à vous, où personne d’autre n’entre.',
  front_name: 'Comment s’appellera-t-il ?', front_go: 'Prendre cette chambre', front_sleep_title: 'Il dort, et s’éveille en un clin d’œil',
  front_sleep: 'Un site que personne ne visite ne consomme rien. Le premier visiteur le réveille, sans s’en apercevoir.',
  front_own_title: 'La clé est à vous', front_own: 'Vos fichiers, votre base de données, vos réglages. Root dans votre pod, et aucun accès à celui des autres.',
  front_deploy_title: 'Déposez un zip, c’est en ligne', front_deploy: 'Glissez-le sur la page ou envoyez-le d’une ligne de curl. Chaque version est gardée, et la précédente est à un clic.',
  front_closed: 'Cette maison reçoit sur rendez-vous : demandez un compte à son administrateur.', front_sites: 'Aller à vos sites',

  signup_title: 'Emménager', signup_lead: 'Un compte, puis un nom. C’est tout.', username: 'Nom d’utilisateur', username_hint: 'Lettres minuscules, chiffres et tirets.',
  password: 'Mot de passe', password_hint: 'Un long vaut mieux : plusieurs mots font l’affaire.', invite: 'Code d’invitation', signup_do: 'Créer mon compte',
  have_account: 'Vous avez déjà un compte ?', signin_title: 'Heureux de vous revoir', signin_do: 'Se connecter', no_account: 'Pas encore de compte ?',
  signup_closed_title: 'Les inscriptions sont fermées',

  sites_title: 'Vos sites', sites_empty: 'Pas encore de site. Donnez un nom au premier, ci-dessous.', reserve_title: 'Réserver un nom', name: 'Nom',
  reserve: 'Réserver', name_hint: 'Lettres de a à z, chiffres et tirets ; 63 au plus.', name_checking: 'Un instant…', name_free: '{name} est libre.', open_site: 'Ouvrir {name}',
  manage: 'Gérer', external: 'pointe ailleurs', all_sites: 'tous les sites de la maison sont dans la {link}', owned_by: 'de {owner}',

  section_overview: 'Aperçu', section_domains: 'Domaines', sections: 'Parties de cette page', address: 'Adresse', state: 'État', woken_by: 'Dernier réveil {when}, en {ms} ms, par {cause}', cause_visitor: 'un visiteur', cause_robot: 'un robot', cause_tool: 'un programme',
  cause_owner: 'son propriétaire', cause_admin: 'un administrateur', cause_cron: 'son calendrier',
  awake_since: 'Éveillé depuis {when} :', awake_requests: '{count} requêtes, WebSockets ou flux d’événements sont ouverts.', awake_commands: '{count} commandes y tournent.', awake_recent: 'utilisé il y a peu ; il s’endort {when} si personne ne vient.',
  wakes_title: 'Derniers réveils', wakes_empty: 'Personne n’a encore réveillé ce site.', wake_when: 'Quand', wake_took: 'Durée', wake_outcome: 'Résultat', wake_ms: '{ms} ms', wake_queued: 'dont {ms} ms dans la file',
  wake_ok: 'éveillé', wake_failed: 'échec', wake_no_room: 'pas assez de mémoire', wake_left: 'le visiteur est parti', failure: 'Ce qui s’est passé', upload_title: 'Envoyer', upload_lead: 'Votre dossier tel quel, ou un zip ou tar.gz de celui-ci. Il remplace ce que voient les visiteurs, d’un seul coup.',
  upload_file: 'Archive', upload_do: 'Mettre en ligne', upload_drop: 'Déposez un dossier ou un zip ici, ou choisissez un zip', upload_busy: 'Envoi… {percent} %', upload_unpack: 'Décompression…',
  upload_failed: 'L’envoi n’a pas abouti. Réessayez.', upload_curl: 'Depuis un terminal :', power_title: 'La lumière', power_lead: 'Rien d’obligatoire : les visiteurs réveillent le site, et le calme l’endort.', wake: 'Réveiller', sleep: 'Endormir', restart: 'Redémarrer',
  releases_title: 'Versions', releases_empty: 'Rien d’envoyé pour l’instant : les visiteurs voient la page d’accueil.', release_first: 'Ce qu’il y avait au début', release_now: 'en ligne', rollback: 'Revenir à celle-ci',
  log_title: 'Journal', log_follow: 'Suivre', log_stop: 'Ne plus suivre', log_raw: 'En texte brut', usage_title: 'Ce qu’il utilise', memory: 'Mémoire', disk: 'Disque', files: 'Fichiers',
  cpu: 'Processeur', processes: 'Processus', of_limit: '{used} sur {limit}', up_to: 'jusqu’à {limit}', cores: '{count} cœur(s)', asleep_uses_nothing: 'rien pendant son sommeil', image: 'Image', created: 'Créé', details_title: 'Détails',
  backup_title: 'Sauvegarde', backup_lead: 'Tous les fichiers et la base de données, tels qu’ils sont à un même instant, et les réglages du site. Gardez-la aussi soigneusement qu’un mot de passe : l’environnement s’y trouve.', backup: 'Télécharger une sauvegarde',
  restore_title: 'Restaurer une sauvegarde', restore_lead: 'Les fichiers, la base de données et les réglages de la sauvegarde remplacent ce qui est ici. Si elle a le moindre défaut, rien ne change.', restore_drop: 'Déposez une sauvegarde ici, ou choisissez-en une', restore_do: 'La restaurer', restore_unpack: 'Restauration…', done_restored: 'Restauré. Tout est comme dans la sauvegarde.',
  settings_title: 'Réglages', switches_title: 'Qui le réveille, ce qu’il atteint', restart_needed: 'Le site tourne avec les réglages précédents jusqu’à son prochain démarrage.', done_saved: 'Enregistré.',
  image_newest: '{image}, la plus récente', image_runs: 'Il tourne sur {image}.', image_hint: 'Une version choisie reste la même quand l’administrateur en construit une plus récente.', save_image: 'Enregistrer l’image',
  start: 'Commande de démarrage', start_hint: 'Une ligne, lancée à la racine du site ; le programme écoute sur $PORT. Vide : celle de l’image.', save_start: 'Enregistrer la commande',
  env: 'Environnement', env_lines: 'Variables', image_which: 'Laquelle', env_hint: 'NOM=valeur, une par ligne.', save_env: 'Enregistrer l’environnement',
  limits: 'Limites', limit_cpu: 'Cœurs de processeur', save_limits: 'Enregistrer les limites',
  php_title: 'Réglages de PHP', php_hint: 'Ce qui reste vide est comme dans l’image.', php_default: 'comme dans l’image', php_such_as: 'par exemple {example}', save_php: 'Enregistrer les réglages de PHP',
  robots_wake: 'Les robots réveillent aussi ce site', robots_hint: 'Les moteurs de recherche le trouvent alors, même si peu de gens y viennent ; les curieux automatiques le tiennent éveillé aussi.', save_robots: 'Enregistrer ce choix', done_robots: 'Enregistré.',
  egress_internet: 'Ce site peut se connecter à internet', egress_hint: 'Sans cela, ce qui s’y introduirait ne pourrait rien envoyer ni rien télécharger. Les visiteurs reçoivent toujours leurs pages.', save_egress: 'Enregistrer ce réglage', done_egress: 'Enregistré. C’est déjà en vigueur.',
  ports_title: 'Ports propres au site', ports_lead: 'Les programmes du pod qui parlent autre chose que HTTP sont joignables à l’adresse {address}, sur les ports ouverts.', ports_none: 'Aucun n’est ouvert.', port: 'Port', port_hint: 'Un port TCP de 1 à 65535, le même à l’extérieur et dans le pod.',
  port_open: 'L’ouvrir', port_close: 'Fermer', port_close_which: 'Fermer le port {port}', port_proxy: 'Dire au programme qui est le visiteur', port_proxy_hint: 'Il doit comprendre le protocole PROXY. Sans cela, chaque visiteur a l’adresse de la passerelle.', done_port_opened: 'Le port est ouvert.', done_port_closed: 'Le port est fermé, et avec lui toutes ses connexions.',
  ports_most: 'Ports que son propriétaire peut ouvrir', ports_most_hint: 'Ceux qui sont ouverts le restent.', ports_allow: 'Enregistrer ce nombre',
  finals_title: 'Sites supprimés', finals_lead: 'La dernière sauvegarde d’un site supprimé est gardée 30 jours. Jusque-là, vous pouvez reprendre son nom, avec tout ce qu’il contenait.', finals_empty: 'Il n’y en a pas.', finals_link: 'Sites supprimés ({count})',
  deleted_on: 'supprimé le {when}', kept_until: 'gardé jusqu’au {when}', revive: 'Faire revenir', revive_name: 'Faire revenir {name}', fetch: 'Télécharger', fetch_name: 'Télécharger la sauvegarde de {name}', final_remove: 'Supprimer pour de bon', final_remove_name: 'Supprimer pour de bon la sauvegarde de {name}',
  done_revived: 'Il est de retour, tel qu’il était.', done_removed: 'Supprimé pour de bon.',
  database_title: 'Base de données', database_lead: 'MySQL, pour ce site seul. Son pod trouve tout ceci dans les variables DB_HOST, DB_PORT, DB_NAME, DB_USER et DB_PASSWORD.', database_host: 'Hôte', database_name: 'Nom de la base',
  database_user: 'Utilisateur', database_password: 'Montrer le mot de passe', database_size: 'Taille', database_rotate: 'Nouveau mot de passe', database_rotate_hint: 'Le site est redémarré s’il est éveillé. Si le mot de passe figure dans un de vos fichiers, changez-le là aussi.', done_rotated: 'La base de données a un nouveau mot de passe.',
  www_too: 'www.{name} répond comme {name}', www_hint: 'Un enregistrement DNS à vous sous www passe avant.', save_www: 'Enregistrer ce choix', done_www: 'Enregistré. C’est déjà en vigueur.',
  records_title: 'Enregistrements DNS', records_lead: 'Pour le courrier, les preuves et les services sous {name} : A, AAAA, CNAME, MX, TXT, SRV et CAA. Ils répondent un instant après avoir été enregistrés.', records_lines: 'Enregistrements', records_hint: 'Un par ligne : NOM [TTL] TYPE DONNÉES. @ est le nom lui-même, * remplace tout nom en dessous. Les noms d’hôtes sont entiers. Les lignes qui commencent par ; ne comptent pas.',
  save_records: 'Enregistrer', done_records: 'Enregistré. Le DNS les donne déjà.', points_title: 'Où il mène', points_lead: 'Ce nom mène à des adresses ailleurs. Un routeur ou un programme qui parle dyndns2 peut les tenir à jour tout seul.', points_addresses: 'Adresses',
  points_router: 'Pour un routeur : protocole dyndns2, serveur {zone}, chemin /nic/update, hôte {name}, votre nom d’utilisateur, et un jeton comme mot de passe.', points_account: 'Créer un jeton', point_title: 'Faire mener un nom ailleurs', point_lead: 'Un nom pour une machine à vous, chez vous par exemple. Un routeur peut tenir son adresse à jour.', point_do: 'Réserver et diriger', points_hint: 'Adresses IPv4 et IPv6, séparées par des espaces.', save_points: 'Enregistrer les adresses', done_points: 'Enregistré. Le DNS les donne déjà.',
  delete_title: 'Déménager', delete_lead: 'Le site, ses fichiers et son nom disparaissent. Une dernière sauvegarde est gardée quelque temps, et vous seul pouvez reprendre le nom pendant un moment.',
  delete_confirm: 'Pour confirmer, tapez {name}', delete_do: 'Supprimer ce site', delete_mismatch: 'Ce n’est pas le nom de ce site.',
  done_created: 'Le nom est à vous. Il répond déjà.', done_deployed: 'En ligne. Allez voir.', done_woken: 'La lumière est allumée.', done_slept: 'Bonne nuit.',
  done_restarted: 'Redémarré.', done_rolled_back: 'La version précédente est de nouveau en ligne.', done_yours: 'Ce nom est déjà à vous : le voici.', done_deleted: 'Supprimé. Pendant 30 jours, vous pouvez le faire revenir tel qu’il était.', done_password: 'Mot de passe changé. Tous les autres navigateurs sont déconnectés.',
  done_revoked: 'Jeton révoqué.', done_suspended: 'Suspendu.', done_resumed: 'Rétabli.', done_invited: 'L’invitation est ci-dessous.',

  state_creating: 'En travaux', state_running: 'Éveillé', state_frozen: 'Assoupi', state_asleep: 'Endormi', state_waking: 'S’éveille', state_sleeping: 'S’endort',
  state_failed: 'En panne', state_suspended: 'Suspendu',

  account_title: 'Votre compte', tokens_title: 'Jetons', tokens_lead: 'Pour les scripts : un jeton se connecte à votre place, dans l’en-tête Authorization: Bearer.', tokens_empty: 'Pas encore de jeton.', token_name: 'À quoi sert-il ?',
  token_make: 'Créer un jeton', token_once: 'Copiez-le maintenant : il n’est montré qu’une fois.', token_used: 'utilisé {when}', token_unused: 'jamais utilisé', revoke: 'Révoquer', password_title: 'Mot de passe',
  password_current: 'Mot de passe actuel', password_new: 'Nouveau mot de passe', password_do: 'Changer le mot de passe',

  routes_title: 'Table de routage', routes_filter: 'Filtrer', routes_show: 'Afficher', routes_count: '{shown} routes sur {all}', routes_live: 'en direct', routes_lost: 'connexion perdue, nouvel essai', routes_more: 'Afficher plus', host: 'Hôte', kind: 'Type', owner: 'Propriétaire', upstream: 'Destination', requests: 'Requêtes', in_flight: 'En cours',
  last_request: 'Dernière requête', last_wake: 'Dernier réveil', routes_none: 'Aucune route ne correspond.', kind_site: 'site', kind_static: 'statique', kind_panel: 'panneau', never: 'jamais', why: 'Cause',
  accounts_title: 'Comptes', role: 'Rôle', role_user: 'utilisateur', role_admin: 'administrateur', active: 'actif', suspended: 'suspendu', suspend: 'Suspendre', resume: 'Rétablir', reason: 'Raison, telle que la lisent les visiteurs',
  since: 'Depuis', invites_title: 'Invitations', invites_empty: 'Pas encore d’invitation.', invite_uses: 'Pour combien de personnes ?', invite_make: 'Créer une invitation', invite_used: '{used} sur {uses} utilisées', invite_expires: 'jusqu’au {when}', code: 'Code', actions: 'Actions',

  error_title: 'Cela n’a pas marché', error_back: 'Retour à l’accueil', not_found_title: 'Personne n’habite ici',

  error_bad_request: 'La requête est incompréhensible.', error_bad_name: 'Ce n’est pas un nom.', error_unauthenticated: 'Connectez-vous d’abord.', error_bad_credentials: 'Nom d’utilisateur ou mot de passe incorrect.',
  error_forbidden: 'Vous n’en avez pas le droit.', error_signup_closed: 'On ne s’inscrit pas ici soi-même. Demandez un compte à l’administrateur.', error_invite_invalid: 'Ce code d’invitation n’est pas valable, ou épuisé. Demandez-en un à l’administrateur.',
  error_bad_origin: 'Un changement doit venir de cette page, pas d’un autre site.', error_https_required: 'Un mot de passe ne voyage pas en clair. Ouvrez cette page avec https://', error_quota: 'Vous avez atteint votre limite. L’administrateur peut l’étendre.', error_not_found: 'Il n’y a rien ici.',
  error_method_not_allowed: 'Cela ne se fait pas ainsi.', error_name_taken: 'Ce nom est pris. Choisissez-en un autre.', error_username_taken: 'Ce nom d’utilisateur est pris. Choisissez-en un autre.', error_conflict: 'Ce n’est pas possible en l’état.', error_too_large: 'C’est trop gros.',
  error_unsupported_type: 'Ce genre de fichier ou de données n’est pas accepté ici.', error_invalid: 'Quelque chose n’est pas valable.', error_name_invalid: 'Un nom a de 1 à 63 lettres de a à z, chiffres et tirets, et ne commence ni ne finit par un tiret.', error_name_reserved: 'Ce nom est gardé pour la maison. Choisissez-en un autre.',
  error_username_invalid: 'Un nom d’utilisateur a des lettres minuscules, des chiffres et des tirets, et commence par une lettre.', error_password_weak: 'Ce mot de passe est trop court ou trop facile à deviner. Prenez-en un plus long.', error_bad_archive: 'Cette archive est inutilisable.', error_rate_limited: 'Trop d’essais. Patientez un peu, puis réessayez.',
  error_failed: 'Quelque chose s’est mal passé ici. C’est noté.', error_unavailable: 'Pas possible pour l’instant. Réessayez dans un moment.', error_no_room: 'Trop de sites sont éveillés pour que celui-ci démarre. Réessayez dans un moment.', error_wake_failed: 'Le site ne s’est pas réveillé.', error_timeout: 'Cela a pris trop de temps.',

  // Domaines personnels
  error_domain_taken: 'Un autre compte a ce domaine.', error_domain_invalid: 'Cela ne peut pas être le domaine d’un site.',
  domains_title: 'Vos propres domaines', domains_lead: 'Le site répond à son nom d’ici, et à chaque domaine dont vous prouvez qu’il est à vous et que vous faites mener ici. Les visiteurs de tous les autres sont envoyés vers le domaine que vous choisissez comme adresse.',
  domain: 'Domaine', domain_add: 'Ajouter un domaine', domain_add_do: 'L’ajouter', domain_hint: 'Par exemple exemple.org ou boutique.exemple.org : un nom que vous avez déjà.', domain_www: 'Ainsi que son www.',
  domain_pending: 'pas encore prouvé', domain_verified: 'à vous', domain_lapsed: 'mène ailleurs', domain_is_canonical: 'l’adresse', domain_make_canonical: 'En faire l’adresse', domain_uncanonical: 'N’est plus l’adresse',
  domain_check: 'Regarder à nouveau', domain_remove: 'Le rendre', domain_looked: 'Vérifié {when}.', domain_until: 'Si rien ne le prouve, il est oublié le {when}.', domain_records: 'Que mettre dans le DNS',
  domain_how: 'Chez qui gère le DNS du domaine, mettez le premier enregistrement, qui prouve que le domaine est pour ce site, et les autres, qui amènent les visiteurs ici. Un changement peut mettre quelques minutes à être vu partout.',
  domain_how_held: 'Le premier enregistrement prouve que le domaine est pour ce site ; les autres amènent les visiteurs ici.', record_type: 'Type', record_name: 'Nom', record_value: 'Valeur',
  finding_never: 'Personne n’a encore regardé.', finding_here: 'Il mène ici.', finding_elsewhere: 'Il mène ailleurs.', finding_mixed: 'Il mène ici et ailleurs : une partie des visiteurs n’arrive pas. Retirez les autres adresses.',
  finding_nowhere: 'Il n’a pas d’adresse dans le DNS, ou n’existe pas.', finding_unanswered: 'Le DNS n’a pas répondu. Nous regarderons à nouveau.', finding_unproven: 'Il mène ici, mais cela seul ne montre pas qu’il est à vous : mettez l’enregistrement TXT.', finding_taken: 'Un autre compte a ce domaine : s’il est à vous, mettez l’enregistrement TXT.',
  done_domain_added: 'Ajouté. Ce qu’il faut mettre dans le DNS est ci-dessous.', done_domain_checked: 'Nous avons regardé. Le résultat est ci-dessous.', done_domain_canonical: 'Enregistré. Les visiteurs y sont déjà envoyés.', done_domain_removed: 'Rendu.',
}
