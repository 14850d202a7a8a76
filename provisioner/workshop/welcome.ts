// The page a new site shows until its owner uploads something, as each kind of image can serve it. Called by seed.
// A site's name is `[a-z0-9-]`, so it needs no escaping anywhere here.
import type { Image } from '../images/store.ts'

/** A file of the first release. */
export type Welcome = { file: string; text: string }

type Language = 'en' | 'fr'

const SAID: Record<Language, (name: string) => { title: string; text: string }> = {
  en: name => ({ title: `Your site <strong>${name}</strong> is ready`, text: 'This page is a placeholder. Upload your files from your page at Auberge and they will take its place.' }),
  fr: name => ({ title: `Votre site <strong>${name}</strong> est prêt`, text: 'Cette page est provisoire. Envoyez vos fichiers depuis votre page d’Auberge et ils prendront sa place.' }),
}

const KINDS: Record<string, (name: string) => Welcome> = {
  php: name => ({ file: 'index.php', text: php(name) }),
  html: name => ({ file: 'index.html', text: page(name, 'en', `${saying(name, 'en')}\n<hr>\n<div lang="fr">\n${saying(name, 'fr')}\n</div>`) }),
  node: name => ({ file: 'server.js', text: node(name) }),
  python: name => ({ file: 'app.py', text: python(name) }),
}

/** The first page of a site on an image, whose label says what it can serve. */
export function welcome({ config: { config } }: Image, name: string): Welcome {
  const kind = config.Labels?.['auberge.welcome'] ?? 'php'
  return (Object.hasOwn(KINDS, kind) ? KINDS[kind]! : KINDS.html!)(name)
}

function saying(name: string, language: Language): string {
  const { title, text } = SAID[language](name)
  return `<h1>${title}</h1>\n<p>${text}</p>`
}

function page(name: string, language: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
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
  hr { border: 0; border-top: 1px solid; opacity: .2; margin: 2rem 0; }
</style>
<main>
${body}
</main>
`
}

/** In the visitor's language, which PHP knows. */
function php(name: string): string {
  const body = `<?php if ($french): ?>\n${saying(name, 'fr')}\n<?php else: ?>\n${saying(name, 'en')}\n<?php endif ?>`
  return `<?php
$french = preg_match('/^\\s*fr\\b/i', $_SERVER['HTTP_ACCEPT_LANGUAGE'] ?? '') === 1;
header('Content-Type: text/html; charset=utf-8');
header('Vary: Accept-Language');
header('Cache-Control: no-cache');
?>
${page(name, "<?= $french ? 'fr' : 'en' ?>", body)}`
}

const both = (name: string): Record<Language, string> => ({ en: page(name, 'en', saying(name, 'en')), fr: page(name, 'fr', saying(name, 'fr')) })

function node(name: string): string {
  return `// The first page of ${name}. Your files take its place: a server.js that listens on the port in the variable PORT, or any other start command.
const { createServer } = require('node:http')
const { env } = require('node:process')

const pages = ${JSON.stringify(both(name), null, 2)}

createServer((request, response) => {
  const language = /^\\s*fr\\b/i.test(request.headers['accept-language'] ?? '') ? 'fr' : 'en'
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Vary': 'Accept-Language', 'Cache-Control': 'no-cache' })
  response.end(pages[language])
}).listen(env.PORT)
`
}

/** JSON's strings are Python's as well. */
function python(name: string): string {
  return `# The first page of ${name}. Your files take its place: an app.py that listens on the port in the variable PORT, or any other start command.
import os, re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

pages = ${JSON.stringify(both(name), null, 4)}

class Welcome(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        language = 'fr' if re.match(r'\\s*fr\\b', self.headers.get('Accept-Language', ''), re.I) else 'en'
        body = pages[language].encode()
        self.send_response(200)
        headers = {'Content-Type': 'text/html; charset=utf-8', 'Vary': 'Accept-Language', 'Cache-Control': 'no-cache', 'Content-Length': str(len(body))}
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command == 'GET':
            self.wfile.write(body)

    do_HEAD = do_GET

ThreadingHTTPServer(('', int(os.environ['PORT'])), Welcome).serve_forever()
`
}
