// What the administrator's pages about DNS and certificates say in English. Part of en.ts; house-fr.ts has the same keys.
export const houseEn = {
  admin_dns: 'DNS', dns_title: 'DNS', house_more: 'All about it', records_example: 'Examples',
  delegation_title: 'How the internet finds this zone', delegation_lead: 'Whoever registers {zone} must send people here: enter these name servers there.', delegation_local: 'Browsers find {zone} by themselves on this machine: there is nothing to set up.',
  delegation_names: 'Name servers', delegation_glue: 'Address of {name}',
  secondaries_title: 'Secondary name servers', secondaries_lead: 'They copy the zone and answer while this house is away.', secondaries_none: 'Nobody copies the zone: while this house is away, its names are not found. Start Auberge with --secondary to name another server.',
  secondary_hidden: 'not named in the zone', secondary_keyless: 'no key', secondary_silent: 'does not answer', secondary_latest: 'up to date', secondary_behind: 'still at {serial}',

  signing_title: 'Signatures (DNSSEC)', signing_on: 'signed', signing_not: 'not signed', signing_lead: 'With signatures nobody on the way can forge where a name leads.',
  signing_off: 'The zone is not signed. Start Auberge with --dnssec to sign it.',
  signing_steady_unset: 'The zone is signed, but nobody checks that yet: give this DS record to whoever registers {zone}, then say here that it is done.',
  signing_steady_set: 'The zone is signed, and its parent knows the key. There is nothing to do.',
  signing_publishing: 'A new key is being made known, until {when}. Leave the DS record at the parent as it is.',
  signing_submitting: 'Now give whoever registers {zone} this new DS record in place of the old one, then say here that it is done.',
  signing_retiring: 'The new key signs. The old one stays until {when}, for those who remember it. There is nothing to do.',
  signing_withdrawing: 'Have whoever registers {zone} remove the DS record, then say here that it is done. Until then the zone stays signed.',
  signing_unsigning: 'Until {when} the DS record may be remembered somewhere; the zone stays signed so long. There is nothing to do.',
  signing_withdrawn: 'The zone is not signed any more. Leave --dnssec out when you next start Auberge.',
  signing_lost: 'A restore did not bring the keys of these DS records. Where the parent has them, {zone} is found by nobody who checks: have whoever registers it remove them, or put the one below in their place, then say here that it is done.',
  signing_confirm: 'The parent has this record', signing_confirm_gone: 'The parent has removed it', signing_cancel: 'Call it off',
  signing_roll_title: 'Change the key', signing_roll_lead: 'A new key is made known for some hours; then you give its DS record to the parent, and the old key goes two days later. Nothing stops working meanwhile.', signing_roll: 'Begin the change',
  signing_withdraw_title: 'Stop signing', signing_withdraw_lead: 'The parent has to remove the DS record first. A zone that just stopped would be found by nobody who checks.', signing_withdraw: 'Begin to leave',
  done_signing_step: 'Done. What comes next is below.',
  ds_tag: 'Key tag', ds_algorithm: 'Algorithm', ds_digest_type: 'Digest type', ds_digest: 'Digest', ds_lines: 'As lines of a zone file', key_current: 'Current key', key_next: 'Next key', key_made: 'made on {when}',
  zone_records_title: 'Records of the zone', zone_records_lead: 'For mail, proofs and services of {zone} itself: MX, TXT, CAA and NS at its apex, and names that nobody can reserve, such as mail or _dmarc. They are answered a moment after you save them.',

  admin_certificates: 'Certificates', acme_title: 'Certificates that browsers trust', acme_none: 'This house orders none: it signs its own, which browsers trust only once you tell them to. To order some:', acme_how: 'How to order certificates',
  acme_lead: 'Ordered and renewed without anybody\'s doing.', acme_server: 'Server', acme_account: 'Our account there', acme_no_account: 'none yet: it comes with the first order', acme_clock: 'This machine\'s clock is wrong by {minutes} min. Set it right, or certificates seem to have ended.',
  acme_rollover_title: 'Change the account\'s key', acme_rollover_lead: 'For when somebody may have seen it. Certificates stay as they are.', acme_rollover: 'Give the account another key',
  authority_title: 'The house\'s own authority', authority_none: 'There is none: --acme off, or --https off.', authority_lead: 'It signs what no ACME server does. Import it where browsers shall trust it, on the school\'s computers for instance.',
  authority_pem: 'Download (PEM)', authority_p12: 'Download (PKCS#12)', authority_password: 'PKCS#12 is for Windows and phones; its password is auberge.', authority_domains: 'The one that signs custom domains',
  orders_title: 'Orders', orders_none: 'Nothing is ordered.', order_names: 'Names', order_ends: 'Ends', order_renewal: 'Next renewal', order_trouble: 'Last failure', order_retry: 'next try {when}',
  order_issued: 'there', order_ordering: 'being ordered', order_waiting: 'waiting', order_ended: 'ended', order_renew: 'Renew now', order_try: 'Try now',
  order_revoke_title: 'Its key was stolen', order_revoke_lead: 'Another is ordered, then this one is revoked.', order_revoke: 'Revoke it', done_acme_step: 'Done, or under way: below is how it stands.',
  leaves_title: 'Served now', leaves_none: 'No certificate matches.', leaf_by: 'Signed by', leaf_own: 'the house', leaf_acme: 'the ACME server', leaf_trusted: 'trusted by browsers',
}

export type HouseSentences = Record<keyof typeof houseEn, string>
