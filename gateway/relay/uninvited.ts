// Requests that wake no sleeping site: paths that only scanners ask for, and robots. Data, with a reason each. Asked by serve.ts; docs/waking.md lists it.
import type { RequestHead } from './message/request.ts'

/** Who asks for a site that sleeps without anybody waiting for the answer. */
export type Uninvited = 'scanner' | 'robot'

/**
 * Paths, in lower case, as they begin; one without a final slash ends there, or goes on after a dot. Only what no visitor of a site asks for,
 * whatever it is made of: WordPress's own paths are not here, nor `/.well-known/`, nor what the house's images serve.
 */
export const PATHS: readonly { path: string; why: string }[] = [
  { path: '/.env', why: 'settings with passwords, forgotten in the document root' },
  { path: '/.git/config', why: 'a repository left there; what clones one asks for /.git/info/refs first' },
  { path: '/.git/head', why: 'the same' },
  { path: '/.git/index', why: 'the same' },
  { path: '/.svn/', why: 'a Subversion working copy left there' },
  { path: '/.hg/', why: 'a Mercurial one' },
  { path: '/.aws/', why: 'keys of Amazon’s command line' },
  { path: '/.ssh/', why: 'private keys' },
  { path: '/.docker/', why: 'passwords of image registries' },
  { path: '/.kube/', why: 'keys of a cluster' },
  { path: '/.vscode/', why: 'an editor’s upload settings, with passwords' },
  { path: '/.idea/', why: 'another editor’s' },
  { path: '/.ds_store', why: 'names of files, left by macOS' },
  { path: '/.htpasswd', why: 'password hashes; Apache never serves it' },
  { path: '/.bash_history', why: 'a shell’s history, with passwords' },
  { path: '/vendor/phpunit/', why: 'eval-stdin.php runs what it is sent (CVE-2017-9841); nobody visits a test library' },
  { path: '/_ignition/', why: 'Laravel’s debugger runs code (CVE-2021-3129); it has no place on a public site' },
  { path: '/cgi-bin/', why: 'holes of routers and old scripts; the images have no CGI' },
  { path: '/boaform/', why: 'log-in page of fibre modems' },
  { path: '/gponform/', why: 'the same (CVE-2018-10561)' },
  { path: '/goform/', why: 'routers’ pages' },
  { path: '/hnap1', why: 'the Home Network Administration Protocol of routers' },
  { path: '/setup.cgi', why: 'routers again' },
  { path: '/actuator/', why: 'Spring Boot’s insides; the images have no Java' },
  { path: '/manager/html', why: 'Tomcat’s' },
  { path: '/owa/', why: 'Outlook on the web' },
  { path: '/ecp/', why: 'Exchange’s control panel' },
  { path: '/autodiscover/', why: 'Exchange’s account set-up; here no mail is served' },
  { path: '/dana-na/', why: 'log-in page of VPN boxes' },
  { path: '/remote/fgt_lang', why: 'the same (CVE-2018-13379)' },
]

/**
 * What robots call themselves, in lower case, anywhere in User-Agent. Not here, so that they do wake a site: who fetches a page because a person
 * has just shared it (previews) or asked about it, and monitors, which an owner has sent.
 */
export const ROBOTS: readonly { agent: string; why: string }[] = [
  ...robots('a search engine’s crawler: comes back by itself', 'googlebot', 'google-inspectiontool', 'googleother', 'bingbot', 'yandexbot', 'baiduspider', 'duckduckbot', 'applebot', 'qwantbot', 'petalbot', 'seznambot', 'sogou web spider', 'yeti/', 'mojeekbot'),
  ...robots('collects pages to train or feed language models', 'gptbot', 'oai-searchbot', 'claudebot', 'ccbot', 'bytespider', 'amazonbot', 'meta-externalagent', 'perplexitybot', 'google-cloudvertexbot', 'timpibot'),
  ...robots('measures links and ranks for advertisers', 'ahrefsbot', 'semrushbot', 'mj12bot', 'dotbot', 'blexbot', 'dataforseobot', 'serpstatbot', 'barkrowler', 'seekportbot', 'awariobot'),
  ...robots('scans the whole internet', 'censysinspect', 'zgrab', 'masscan', 'expanse', 'internetmeasurement', 'internet-measurement', 'shodan', 'l9explore', 'l9tcpid', 'leakix', 'nmap scripting engine', 'modatscanner', 'palo alto networks', 'netcraftsurveyagent'),
  ...robots('looks for holes', 'nuclei', 'nikto', 'sqlmap', 'wpscan', 'gobuster', 'dirbuster', 'feroxbuster', 'zmeu'),
]

function robots(why: string, ...agents: string[]): { agent: string; why: string }[] {
  return agents.map(agent => ({ agent, why }))
}

/** Who of the uninvited sent this request, or null. A path is looked at first: whoever asks for it gets the same answer. */
export function uninvited({ target, agent }: Pick<RequestHead, 'target' | 'agent'>): Uninvited | null {
  const [path = ''] = target.toLowerCase().split('?')
  if (PATHS.some(entry => isAt(path, entry.path))) return 'scanner'
  const says = agent.toLowerCase()
  return says !== '' && ROBOTS.some(entry => says.includes(entry.agent)) ? 'robot' : null
}

function isAt(path: string, entry: string): boolean {
  return path.startsWith(entry) && (entry.endsWith('/') || path.length === entry.length || '/.'.includes(path.charAt(entry.length)))
}
