// The sentences of a site's tools in English: files, console, log, tools, charts. site-fr.ts has the same keys.
export const enSite = {
  files_title: 'Files', files_lead: 'What visitors see is in html. Changes there are live at once.', files_home: 'home', files_name: 'Name', files_size: 'Size', files_changed: 'Changed', files_empty: 'Nothing in here yet.',
  files_truncated: 'Only the first {count} are shown.', files_other: 'not a file', files_link: 'link', files_where: 'Where you are', files_up: 'One up',
  files_new: 'New', files_new_name: 'Name', files_new_file: 'New file', files_new_directory: 'New folder', files_upload: 'Upload files', files_upload_drop: 'Drop files or folders here, or choose some', files_upload_do: 'Upload here',
  files_this: 'This folder', files_move: 'Rename or move', files_move_to: 'New name, or path from home', files_move_do: 'Rename', files_remove: 'Delete', files_remove_lead: 'It is gone at once, with everything in it. A backup would still have it.', files_remove_do: 'Delete {name}',
  files_kept: 'html and releases are where what you put live is: they stay.', files_download: 'Download', files_save: 'Save', files_saved: 'Saved.', files_unsaved: 'Not saved yet', files_editor: 'Content of {name}', files_back: 'Back to the folder',
  files_binary: 'This file isn\'t text, so it can\'t be edited here. Download it, or upload another in its place.', files_large: 'This file has {size}: too much to edit here. Download it, or upload another in its place.', files_odd: 'This can\'t be opened here.',
  files_conflict: 'Somebody else changed this file while you were editing it. Yours is below and not saved.', files_theirs: 'See theirs', files_force: 'Save mine over it',
  files_busy: 'Uploading {name}… {percent} %', files_done: '{count} uploaded.',
  done_file_saved: 'Saved.', done_file_made: 'Made.', done_file_moved: 'Renamed.', done_file_removed: 'Deleted.', done_file_uploaded: 'Uploaded.',

  console_title: 'Console', console_lead: 'You are root here, in this site\'s own container: what you do reaches nothing else. If the site sleeps, you work on its files without waking it.', console_label: 'Terminal of {name}', console_start: 'Open a console', console_connecting: 'Opening…',
  console_ended: 'The console has ended.', console_lost: 'The connection is gone.', console_revoked: 'The console was closed: you are signed out, or the site is suspended.', console_idle: 'Closed, for nobody typed anything for half an hour.', console_leave: 'Shift+Tab leaves the terminal.', console_noscript: 'The console needs JavaScript.',
  tools_title: 'Adminer', tools_lead: 'Tables, rows and SQL in the browser, signed in for this database alone. It runs in the site itself, which wakes for it.', tools_open: 'Open Adminer', tools_opening: 'Opening Adminer…', tools_go: 'If nothing happens, follow this link. It works once, and for a minute.',
  tools_closed: 'Open this from the page of your site: that signs you in.', tools_none: 'Adminer is in the image php; this site has another. Any MySQL client in its console reaches the database, too.',
  standing_lost: 'No connection to the house; trying again. What you see here may be old.', standing_gone: 'This site is no more: it was deleted.', standing_out: 'You are signed out. Sign in again to go on.', upload_cancel: 'Cancel', upload_cancelled: 'Cancelled. Nothing was changed.', files_unsent: 'Not saved: no connection to the house. Try again.',
  upload_pack: 'Packing…', upload_folder: 'Choose a folder',
  charts_title: 'The last seven days', chart_wakes: 'Wakes', chart_most: 'most in 2 h: {most}', chart_peak: 'most: {most}', chart_nothing: 'nothing yet',
  log_error: 'Errors', log_visits: 'Visits', log_pod: 'All of the pod\'s', log_which: 'Which log', log_nothing: 'Nothing yet.',
}

export type SiteSentences = Record<keyof typeof enSite, string>
