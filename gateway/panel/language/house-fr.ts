// What the administrator's pages about DNS and certificates say in French, with the keys of house-en.ts. Part of fr.ts.
import type { HouseSentences } from './house-en.ts'

export const houseFr: HouseSentences = {
  admin_dns: 'DNS', dns_title: 'DNS', house_more: 'Tout voir', records_example: 'Exemples',
  delegation_title: 'Comment l’internet trouve cette zone', delegation_lead: 'Celui qui enregistre {zone} doit envoyer les gens ici : indiquez-lui ces serveurs de noms.', delegation_local: 'Sur cette machine, les navigateurs trouvent {zone} d’eux-mêmes : il n’y a rien à faire.',
  delegation_names: 'Serveurs de noms', delegation_glue: 'Adresse de {name}',
  secondaries_title: 'Serveurs de noms secondaires', secondaries_lead: 'Ils copient la zone et répondent quand cette maison est absente.', secondaries_none: 'Personne ne copie la zone : quand cette maison est absente, ses noms sont introuvables. Lancez Auberge avec --secondary pour en indiquer un.',
  secondary_hidden: 'pas nommé dans la zone', secondary_keyless: 'sans clé', secondary_silent: 'ne répond pas', secondary_latest: 'à jour', secondary_behind: 'encore à {serial}',

  signing_title: 'Signatures (DNSSEC)', signing_on: 'signée', signing_not: 'pas signée', signing_lead: 'Avec des signatures, personne en chemin ne peut falsifier où mène un nom.',
  signing_off: 'La zone n’est pas signée. Lancez Auberge avec --dnssec pour la signer.',
  signing_steady_unset: 'La zone est signée, mais personne ne le vérifie encore : donnez cet enregistrement DS à celui qui enregistre {zone}, puis dites ici que c’est fait.',
  signing_steady_set: 'La zone est signée, et sa zone parente connaît la clé. Il n’y a rien à faire.',
  signing_publishing: 'Une nouvelle clé se fait connaître, jusqu’au {when}. Laissez l’enregistrement DS tel quel dans la zone parente.',
  signing_submitting: 'Donnez maintenant ce nouvel enregistrement DS, à la place de l’ancien, à celui qui enregistre {zone}, puis dites ici que c’est fait.',
  signing_retiring: 'La nouvelle clé signe. L’ancienne reste jusqu’au {when}, pour ceux qui s’en souviennent. Il n’y a rien à faire.',
  signing_withdrawing: 'Faites retirer l’enregistrement DS par celui qui enregistre {zone}, puis dites ici que c’est fait. Jusque-là, la zone reste signée.',
  signing_unsigning: 'Jusqu’au {when}, on peut encore se souvenir de l’enregistrement DS ; la zone reste signée d’ici là. Il n’y a rien à faire.',
  signing_withdrawn: 'La zone n’est plus signée. Omettez --dnssec au prochain lancement d’Auberge.',
  signing_lost: 'Une restauration n’a pas rapporté les clés de ces enregistrements DS. Si la zone parente les a, {zone} est introuvable pour tous ceux qui vérifient : faites-les retirer par celui qui l’enregistre, ou remplacer par celui qui suit, puis dites ici que c’est fait.',
  signing_confirm: 'La zone parente a cet enregistrement', signing_confirm_gone: 'La zone parente l’a retiré', signing_cancel: 'Y renoncer',
  signing_roll_title: 'Changer de clé', signing_roll_lead: 'Une nouvelle clé se fait connaître pendant quelques heures ; puis vous donnez son enregistrement DS à la zone parente, et l’ancienne disparaît deux jours après. Tout continue de marcher.', signing_roll: 'Commencer le changement',
  signing_withdraw_title: 'Ne plus signer', signing_withdraw_lead: 'La zone parente doit d’abord retirer l’enregistrement DS. Une zone qui cesserait d’un coup serait introuvable pour tous ceux qui vérifient.', signing_withdraw: 'Commencer à en sortir',
  done_signing_step: 'C’est fait. La suite est ci-dessous.',
  ds_tag: 'Numéro de clé', ds_algorithm: 'Algorithme', ds_digest_type: 'Type d’empreinte', ds_digest: 'Empreinte', ds_lines: 'En lignes de fichier de zone', key_current: 'Clé actuelle', key_next: 'Clé suivante', key_made: 'créée le {when}',
  zone_records_title: 'Enregistrements de la zone', zone_records_lead: 'Pour le courrier, les preuves et les services de {zone} elle-même : MX, TXT, CAA et NS à son sommet, et les noms que personne ne peut réserver, comme mail ou _dmarc. Ils répondent un instant après avoir été enregistrés.',

  admin_certificates: 'Certificats', acme_title: 'Certificats reconnus par les navigateurs', acme_none: 'Cette maison n’en commande pas : elle signe les siens, que les navigateurs ne reconnaissent qu’une fois prévenus. Pour en commander :', acme_how: 'Comment commander des certificats',
  acme_lead: 'Commandés et renouvelés sans que personne ait à s’en occuper.', acme_server: 'Serveur', acme_account: 'Notre compte là-bas', acme_no_account: 'aucun encore : il vient avec la première commande', acme_clock: 'L’horloge de cette machine se trompe de {minutes} min. Réglez-la, ou les certificats sembleront périmés.',
  acme_rollover_title: 'Changer la clé du compte', acme_rollover_lead: 'Pour le cas où quelqu’un l’aurait vue. Les certificats restent tels quels.', acme_rollover: 'Donner une autre clé au compte',
  authority_title: 'L’autorité de la maison', authority_none: 'Il n’y en a pas : --acme off, ou --https off.', authority_lead: 'Elle signe ce qu’aucun serveur ACME ne signe. Importez-la là où les navigateurs doivent la reconnaître, par exemple sur les ordinateurs de l’école.',
  authority_pem: 'Télécharger (PEM)', authority_p12: 'Télécharger (PKCS#12)', authority_password: 'PKCS#12 est pour Windows et les téléphones ; son mot de passe est auberge.', authority_domains: 'Celle qui signe les domaines personnels',
  orders_title: 'Commandes', orders_none: 'Rien n’est commandé.', order_names: 'Noms', order_ends: 'Fin', order_renewal: 'Prochain renouvellement', order_trouble: 'Dernier échec', order_retry: 'nouvel essai {when}',
  order_issued: 'là', order_ordering: 'en commande', order_waiting: 'en attente', order_ended: 'périmé', order_renew: 'Renouveler', order_try: 'Essayer',
  order_revoke_title: 'Sa clé a été volée', order_revoke_lead: 'Un autre est commandé, puis celui-ci est révoqué.', order_revoke: 'Le révoquer', done_acme_step: 'C’est fait, ou en cours : l’état est ci-dessous.',
  leaves_title: 'En service', leaves_none: 'Aucun certificat ne correspond.', leaf_by: 'Signé par', leaf_own: 'la maison', leaf_acme: 'le serveur ACME', leaf_trusted: 'reconnu par les navigateurs',
}
