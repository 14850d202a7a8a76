<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hello from a room of its own</title>
<style>
  :root { color-scheme: light dark; --ink: #23302b; --paper: #f6f3ec; --leaf: #2f7d5b }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8e6df; --paper: #18201d; --leaf: #6fc49c } }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif }
  main { max-width: 34rem; padding: 2rem }
  h1 { font-size: 2.2rem; line-height: 1.15; margin: 0 0 .6em; color: var(--leaf) }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.4rem; margin: 1.6rem 0 }
  dt { opacity: .7 }
  dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
</style>
<main>
  <h1>Hello, you have arrived.</h1>
  <p>This page comes from a pod that belongs to one site alone: its own Apache, its own PHP, its own files. If nobody visits for a while, it sleeps; your request woke it.</p>
  <dl>
    <dt>Host</dt><dd><?= htmlspecialchars($_SERVER['HTTP_HOST'] ?? '') ?></dd>
    <dt>PHP</dt><dd><?= htmlspecialchars(phpversion()) ?></dd>
    <dt>Pod</dt><dd><?= htmlspecialchars(gethostname() ?: '') ?></dd>
    <dt>Time</dt><dd><?= gmdate('Y-m-d H:i:s') ?> UTC</dd>
  </dl>
  <p>Replace it: upload a zip with an <code>index.php</code> of yours on the site&rsquo;s page.</p>
</main>
</html>
