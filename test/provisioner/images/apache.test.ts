import assert from 'node:assert/strict'
import test from 'node:test'
import { deploy } from '../../../provisioner/workshop/deploy.ts'
import { inWorkshop, type Workshop } from '../../../provisioner/workshop/workshop.ts'
import { house, owner, tarOf } from '../workshop/house.ts'

/** Starts the image's own command in a workshop and resolves when its port answers. */
async function serve(shop: Workshop): Promise<void> {
  const script = 'apache2 -DFOREGROUND >/tmp/out 2>/tmp/err & for i in $(seq 500); do curl -so /dev/null http://127.0.0.1/ && exit 0; sleep 0.01; done; cat /tmp/err; exit 1'
  const { status, stdout } = await shop.run(['sh', '-c', script.replace('apache2', 'setsid apache2')])
  assert.equal(status, 0, stdout)
}

const get = async (shop: Workshop, path: string, ...args: string[]) =>
  (await shop.run(['curl', '-s', '--path-as-is', '-w', '\n%{http_code} %header{location}', ...args, `http://127.0.0.1${path}`])).stdout

test('Apache and PHP in the image answer as the owner of a site expects', async t => {
  const host = await house(t, { memory: 256 * 2 ** 20 })
  const php = '<?php session_start(); echo json_encode([getenv("COLOR"), $_ENV["COLOR"], $_SERVER["HTTPS"] ?? null, $_SERVER["REMOTE_ADDR"], posix_getuid(), is_writable(__DIR__)]);'
  await deploy(host, 'alice', tarOf({
    'index.php': php, '.env': 'secret', '.git/config': 'secret', '.well-known/x': 'fine', 'sub/index.html': 'sub', 'a.phps': 'source',
    '.htaccess': 'RewriteEngine On\nRewriteRule ^pretty$ sub/index.html [L]\nErrorDocument 404 missing\n', 'boom.php': '<?php error_log("told"); throw new Exception("hidden");',
  }))
  await inWorkshop(host, 'alice', 30_000, async shop => {
    await serve(shop)
    assert.equal(await get(shop, '/'), '["green","green",null,"127.0.0.1",33,true]\n200 ')
    assert.equal(await get(shop, '/', '-H', 'X-Forwarded-For: 203.0.113.9', '-H', 'X-Forwarded-Proto: https'), '["green","green","on","203.0.113.9",33,true]\n200 ')
    for (const path of ['/.env', '/.git/config', '/.htaccess', '/sub/../.env']) assert.match(await get(shop, path), /\n404 $/, path)
    assert.match(await get(shop, '/a.phps'), /\n403 $/)
    assert.equal(await get(shop, '/.well-known/x'), 'fine\n200 ')
    assert.equal(await get(shop, '/pretty'), 'sub\n200 ')
    assert.equal(await get(shop, '/nothing'), 'missing\n404 ')
    assert.match(await get(shop, '/sub', '-H', 'Host: alice.example:8080'), /\n301 http:\/\/alice\.example:8080\/sub\/$/)
    assert.match(await get(shop, '/sub', '-H', 'Host: alice.example:8443', '-H', 'X-Forwarded-Proto: https'), /\n301 https:\/\/alice\.example:8443\/sub\/$/)
    assert.match(await get(shop, '/boom.php'), /^\n500 $/)
    assert.match((await shop.run(['cat', '/tmp/err'])).stdout, /told[^]*hidden/)
    assert.match((await shop.run(['cat', '/tmp/out'])).stdout, /^203\.0\.113\.9 - - .*"GET \/ HTTP\/1\.1" 200/m)
    assert.match((await shop.run(['curl', '-si', 'http://127.0.0.1/'])).stdout, /\r\nServer: Apache\r\n/)
    assert.doesNotMatch((await shop.run(['curl', '-si', 'http://127.0.0.1/'])).stdout, /X-Powered-By/)
  })
})

test('a release that takes over is served at once, whatever PHP has in its caches', async t => {
  const host = await house(t)
  const version = (text: string) => ({ 'index.php': '<?php require "part.php";', 'part.php': `<?php echo "${text}";` })
  await deploy(host, 'alice', tarOf(version('one')))
  await inWorkshop(host, 'alice', 30_000, async shop => {
    await serve(shop)
    for (let i = 0; i < 6; i++) assert.equal(await get(shop, '/'), 'one\n200 ')
    for (const text of ['two', 'three']) {
      await deploy(host, 'alice', tarOf(version(text)))
      for (let i = 0; i < 6; i++) assert.equal(await get(shop, '/'), `${text}\n200 `)
    }
    await owner(host, 'alice', 'cd /var/www/html; printf "<?php echo \\"edited\\";" > part.php')
    assert.equal(await get(shop, '/'), 'edited\n200 ')
  })
})
