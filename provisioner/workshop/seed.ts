// What a new volume begins with: a first page, the link that is the document root, and places for PHP. Called when a site is created,
// before anything of the site has run: later, only a workshop may touch the volume.
import { chmod, lchown, lstat, mkdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import type { Host } from '../host.ts'
import { firstId } from '../instance.ts'
import { podPlaces } from '../places.ts'
import { INITIAL } from './releases.ts'

/** PHP's and Apache's children in the image. */
const WWW_DATA = 33

/** Fills the fresh, mounted volume of a site and notes its first release. Done again after a crash it finishes what was begun. */
export async function seed(host: Host, name: string): Promise<void> {
  const site = host.states.site(name)
  await fill(podPlaces(host.data, name).volume, firstId(host.instance, site.slot), name)
  await host.states.save({ ...site, release: INITIAL, releases: [INITIAL] })
}

async function fill(volume: string, root: number, name: string): Promise<void> {
  if (await exists(`${volume}/html`)) return
  const www = root + WWW_DATA
  // What mkfs makes for fsck is root's of the host: the owner could neither read nor remove it.
  await rmdir(`${volume}/lost+found`).catch(() => {})
  await own(volume, root, 0o755)
  await directory(`${volume}/releases`, root, 0o755)
  await directory(`${volume}/releases/${INITIAL}`, www, 0o755)
  await writeFile(`${volume}/releases/${INITIAL}/index.php`, firstPage(name), { mode: 0o644 })
  await own(`${volume}/releases/${INITIAL}/index.php`, www, 0o644)
  await directory(`${volume}/sessions`, www, 0o700)
  await directory(`${volume}/tmp`, www, 0o700)
  await symlink(`releases/${INITIAL}`, `${volume}/html`)
  await lchown(`${volume}/html`, root, root)
}

async function directory(path: string, owner: number, mode: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await own(path, owner, mode)
}

async function own(path: string, owner: number, mode: number): Promise<void> {
  await lchown(path, owner, owner)
  await chmod(path, mode)
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false)
}

/** The page a new site shows, in the visitor's language. `name` is `[a-z0-9-]`, so it needs no escaping. */
export function firstPage(name: string): string {
  return `<?php
$french = preg_match('/^\\s*fr\\b/i', $_SERVER['HTTP_ACCEPT_LANGUAGE'] ?? '') === 1;
header('Content-Type: text/html; charset=utf-8');
header('Vary: Accept-Language');
header('Cache-Control: no-cache');
?>
<!doctype html>
<html lang="<?= $french ? 'fr' : 'en' ?>">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${name}</title>
<style>
  :root { color-scheme: light dark; --ink: #23302b; --paper: #f7f4ee; --accent: #2f7d5b; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e9e6df; --paper: #1b211e; --accent: #7cc9a4; } }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 1.1rem/1.6 system-ui, sans-serif; }
  main { max-width: 34rem; padding: 2rem; }
  h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; }
  strong { color: var(--accent); }
</style>
<main>
<?php if ($french): ?>
  <h1>Votre site <strong>${name}</strong> est prêt</h1>
  <p>Cette page est provisoire. Envoyez vos fichiers depuis votre page d’Auberge et ils prendront sa place.</p>
<?php else: ?>
  <h1>Your site <strong>${name}</strong> is ready</h1>
  <p>This page is a placeholder. Upload your files from your page at Auberge and they will take its place.</p>
<?php endif ?>
</main>
`
}
