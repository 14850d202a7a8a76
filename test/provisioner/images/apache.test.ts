// Apache and PHP as the owner of a site and its visitors meet them: through a pod, from outside.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { podCgroup } from '../../../provisioner/instance.ts'
import { until } from '../../helpers/patience.ts'
import { tarOf } from '../workshop/house.ts'
import { site } from './visit.ts'

const WHO = `<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
echo json_encode([getenv('COLOR'), $_ENV['COLOR'], $_SERVER['HTTPS'] ?? null, $_SERVER['REMOTE_ADDR'], posix_getuid(), is_writable(__DIR__), $_SESSION['n']]);`
const TALLY = `<?php $f = fopen('/tmp/tally', 'c+'); flock($f, LOCK_EX); $n = 1 + (int) stream_get_contents($f); rewind($f); fwrite($f, $n); flock($f, LOCK_UN);
for ($i = 0; $i < 2500 && (int) file_get_contents('/tmp/tally') < 10; $i++) usleep(10000); echo (int) file_get_contents('/tmp/tally');`
const HTACCESS = `RewriteEngine On
RewriteRule ^pretty/(.+)$ echo.php?word=$1 [L,QSA]
ErrorDocument 404 missing
Header set X-Made-By alice
<Files "old.txt">
  Order allow,deny
  Deny from all
</Files>
<IfModule mod_expires.c>
  ExpiresActive On
  ExpiresByType text/css "access plus 1 week"
</IfModule>
php_value memory_limit 99M
`
const FILES = {
  'index.php': WHO, '.env': 'secret', '.git/config': 'secret', '.well-known/x': 'fine', 'sub/index.html': 'sub', 'list/a.txt': 'a', 'a.phps': 'source', '.htaccess': HTACCESS,
  'boom.php': '<?php error_log("told"); throw new Exception("hidden");', 'echo.php': '<?php echo json_encode($_GET), ini_get("memory_limit");', 'old.txt': 'old',
  'style.css': 'a{}'.repeat(500), 'tally.php': TALLY, 'mod.mjs': 'export {}',
  'closed/.htaccess': 'AuthType Basic\nAuthName closed\nAuthUserFile /var/www/html/closed/.htpasswd\nRequire valid-user\n', 'closed/.htpasswd': `kim:{SHA}${createHash('sha1').update('test123').digest('base64')}\n`, 'closed/index.html': 'in',
  'upload.php': '<?php echo $_FILES["f"]["error"], " ", $_FILES["f"]["size"], " ", (int) is_uploaded_file($_FILES["f"]["tmp_name"]);',
  'facts.php': '<?php $o = opcache_get_status(false); echo json_encode([$o["opcache_enabled"], $o["opcache_statistics"]["hits"] > 0, ini_get("expose_php"), ini_get("display_errors"), ini_get("date.timezone"), extension_loaded("pdo_mysql"), extension_loaded("intl")]);',
}

test('Apache and PHP answer as the owner of a site expects', async t => {
  const { get, get6, inside, log, pod, client, host } = await site(t, FILES, { env: { COLOR: 'green' } })
  const forwarded = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' }

  await t.test('it starts with few processes', async () => {
    assert.ok((await host.cgroups.tasks(podCgroup(host.instance, 'alice'))).length <= 4)
  })
  await t.test('PHP runs as the web server, has the environment and keeps sessions', async () => {
    const first = await get('/', { headers: { 'X-Forwarded-For': '203.0.113.9' } })
    assert.equal(first.body, '["green","green",null,"203.0.113.9",33,true,1]')
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
    assert.match(String(first.headers['set-cookie']), /HttpOnly; SameSite=Lax/)
    assert.match((await get('/', { headers: { cookie } })).body, /,2\]$/)
  })
  await t.test('the visitor and the scheme are what the gateway says, by IPv4 and IPv6', async () => {
    assert.match((await get('/', { headers: forwarded })).body, /"on","203\.0\.113\.9"/)
    assert.match((await get6('/', { headers: { 'X-Forwarded-For': '2001:db8::9', 'X-Forwarded-Proto': 'https' } })).body, /"on","2001:db8::9"/)
    assert.match((await get('/', { headers: { ...forwarded, 'X-Forwarded-Proto': 'http' } })).body, /null,"203\.0\.113\.9"/)
    assert.match((await get('/', { headers: { 'X-Forwarded-For': '192.168.1.5' } })).body, /null,"192\.168\.1\.5"/)
  })
  await t.test('nobody else is believed, a list of addresses only as far as the gateway vouches for it', async () => {
    const curl = (address: string) => inside('curl', '-s', '-H', 'X-Forwarded-For: 203.0.113.9', '-H', 'X-Forwarded-Proto: https', `http://${address}/`)
    assert.match(await curl('127.0.0.1'), /null,"127\.0\.0\.1"/)
    assert.match(await curl(pod.ipv4), new RegExp(`null,"${pod.ipv4}"`))
    assert.match((await get('/', { headers: { ...forwarded, 'X-Forwarded-For': '10.0.0.1, 203.0.113.9' } })).body, /"203\.0\.113\.9"/)
  })
  await t.test('hidden files and sources are nobody\'s business', async () => {
    for (const path of ['/.env', '/.git/config', '/.htaccess', '/sub/../.env', '/closed/.htpasswd']) assert.equal((await get(path)).status, 404, path)
    assert.equal((await get('/a.phps')).status, 403)
    assert.equal((await get('/list/')).status, 403)
    assert.equal((await get('/.well-known/x')).body, 'fine')
    assert.equal((await get('/', { method: 'TRACE' })).status, 405)
  })
  await t.test('.htaccess rewrites, sets headers, protects, and sets PHP', async () => {
    assert.equal((await get('/pretty/word?more=1')).body, '{"word":"word","more":"1"}99M')
    const missing = await get('/nothing')
    assert.deepEqual([missing.status, missing.body, missing.headers['x-made-by']], [404, 'missing', undefined])
    assert.equal((await get('/.well-known/x')).headers['x-made-by'], 'alice')
    assert.equal((await get('/old.txt')).status, 403)
    assert.match(String((await get('/style.css')).headers['cache-control']), /max-age=604800/)
    assert.equal((await get('/closed/')).status, 401)
    assert.equal((await get('/closed/', { headers: { authorization: `Basic ${Buffer.from('kim:secret').toString('base64')}` } })).status, 401)
    assert.equal((await get('/closed/', { headers: { authorization: `Basic ${Buffer.from('kim:test123').toString('base64')}` } })).body, 'in')
  })
  await t.test('a missing slash leads to the same scheme, host and port', async () => {
    assert.equal((await get('/sub', { headers: { Host: 'alice.example:8080' } })).headers.location, 'http://alice.example:8080/sub/')
    assert.equal((await get('/sub', { headers: { Host: 'alice.example:8443', ...forwarded } })).headers.location, 'https://alice.example:8443/sub/')
  })
  await t.test('text is compressed and has its type; the server says little of itself', async () => {
    const style = await get('/style.css', { headers: { 'Accept-Encoding': 'gzip' } })
    assert.deepEqual([style.headers['content-encoding'], style.headers['content-type'], style.headers.server], ['gzip', 'text/css; charset=utf-8', 'Apache'])
    assert.match(String((await get('/mod.mjs')).headers['content-type']), /javascript/)
    assert.equal((await get('/')).headers['x-powered-by'], undefined)
  })
  await t.test('PHP caches what it compiled and its settings are sane', async () => {
    // A file that was written in the last two seconds may still be changing, so it isn't cached.
    await until('a cached page', async () => (await get('/facts.php')).body.startsWith('[true,true,'))
    assert.equal((await get('/facts.php')).body, '[true,true,"","","UTC",true,true]')
  })
  await t.test('an upload larger than PHP\'s usual two megabytes arrives', async () => {
    const boundary = 'b0'
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n${'x'.repeat(5_000_000)}\r\n--${boundary}--\r\n`
    const answer = await get('/upload.php', { method: 'POST', headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}`, 'Content-Length': String(body.length) }, body })
    assert.equal(answer.body, '0 5000000 1')
  })
  await t.test('what goes wrong is in the owner\'s log and not on the page, visits are there too', async () => {
    const boom = await get('/boom.php', { headers: forwarded })
    assert.deepEqual([boom.status, boom.body], [500, ''])
    assert.match(await log(), /told[^]*hidden/)
    assert.match(await log(), /^203\.0\.113\.9 - - .*"GET \/boom\.php HTTP\/1\.1" 500/m)
  })
  await t.test('it grows with the load: ten slow requests are served at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('/tally.php')))
    assert.deepEqual(answers.map(answer => answer.body), Array(10).fill('10'))
  })
  await t.test('a release that takes over is served at once, whatever PHP has in its caches', async () => {
    for (const word of ['one', 'two', 'three']) {
      await client.deploy('alice', tarOf({ 'index.php': '<?php require "part.php";', 'part.php': `<?php echo "${word}";` }))
      for (let i = 0; i < 6; i++) assert.equal((await get('/')).body, word)
    }
    await inside('sh', '-c', 'cd /var/www/html; printf "<?php echo \\"edited\\";" > part.php')
    assert.equal((await get('/')).body, 'edited')
  })
})
