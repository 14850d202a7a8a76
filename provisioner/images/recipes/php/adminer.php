<?php
// Adminer, signed in for this site's own database. It answers to the panel alone, which shows the database's password with each request:
// no visitor knows that, and the site's own code has it anyway.
$password = (string) getenv('DB_PASSWORD');
if ($password === '' || !hash_equals($password, (string) ($_SERVER['HTTP_AUBERGE_TOOLS'] ?? ''))) {
    http_response_code(404);
    exit;
}
unset($_SERVER['HTTP_AUBERGE_TOOLS']);

// Whatever the address says: this driver, this user, this database.
foreach (['server', 'sqlite', 'sqlite2', 'pgsql', 'oracle', 'mssql', 'mongo', 'elastic', 'simpledb', 'firebird', 'clickhouse'] as $driver) {
    unset($_GET[$driver]);
}
$_GET['username'] = getenv('DB_USER');
if (!isset($_GET['file'])) {
    $_GET['db'] = getenv('DB_NAME');
}
unset($_POST['auth']);

// A server that is just starting is no wrong password: Adminer would count it as one, and lock the owner out.
mysqli_report(MYSQLI_REPORT_OFF);
$link = isset($_GET['file']) ? null : @mysqli_connect(getenv('DB_HOST'), getenv('DB_USER'), $password, getenv('DB_NAME'), (int) getenv('DB_PORT'));
if ($link === false) {
    http_response_code(503);
    header('Retry-After: 2');
    header('Content-Type: text/plain; charset=utf-8');
    exit("The database doesn't answer just now. Load this page again in a moment.\nLa base de données ne répond pas pour l’instant. Rechargez cette page dans un moment.\n");
}
if ($link) {
    mysqli_close($link);
}

function adminer_object()
{
    class SiteAdminer extends Adminer
    {
        public function name()
        {
            return '<span id="h1">' . h(getenv('DB_NAME')) . '</span>';
        }

        public function credentials()
        {
            return [getenv('DB_HOST') . ':' . getenv('DB_PORT'), getenv('DB_USER'), getenv('DB_PASSWORD')];
        }

        public function database()
        {
            return getenv('DB_NAME');
        }

        public function databases($flush = true)
        {
            return [getenv('DB_NAME')];
        }

        public function login($login, $password)
        {
            return true;
        }

        public function permanentLogin($create = false)
        {
            return '';
        }

        public function loginForm()
        {
            echo '<p>Open it again from the page of your site.</p>';
        }

        // It would ask adminer.org for its newest version.
        public function head()
        {
            echo script('verifyVersion = function () {};');
            return true;
        }
    }

    // Signed in already: an empty password, which credentials() makes good.
    $_SESSION['pwds']['server'][''][getenv('DB_USER')] = '';
    return new SiteAdminer();
}

include '/usr/share/adminer/adminer.php';
