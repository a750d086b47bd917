# Work in a database: statements, values, transactions, what is refused and
# what is done again; the directive; what is counted.

use strict;
use warnings;

use Test::More;

use Wub::Api;
use Wub::Nginx;
use Wub::Probe;

my $api = Wub::Api->new;
Wub::Probe::prepare($api);

my $probe = Wub::Probe->new($api->directive(qw(connections=2 timeout=1s)));
my $once = qr/done at try 1\n\z/;


# results and values

like($probe->get('text:abc'), qr/^200 rows=1 affected=1 \[abc\] \[\d+\]\n$once/,
     'a value');
like($probe->get('text:'), qr/^200 rows=1 affected=1 \[\]/,
     'an empty value is a value');
like($probe->get('null:x'), qr/^200 rows=1 affected=1 \[NULL\] \[x\]/,
     'null is none');
like($probe->get('text:%27%3B--%25'), qr/\[';--%\]/,
     'a value is never part of a statement');
like($probe->get('text:' . 'x' x 6000), qr/\[x{64}\]/, 'a long value');
like($probe->get('text:a%00b'), qr/^500 The database refused this/,
     'no value holds a zero byte');
like($probe->get('text:%ff'), qr/^500 The database refused this/,
     'nor what is not UTF-8');
like($probe->get('rows:20000'), qr/^200 rows=20000 /, 'many rows');
like($probe->get('row:30000000'), qr/^200 rows=1 /, 'a long row');
like($probe->get('text:a,text:b'),
     qr/\[a\] \[(\d+)\]\n.* \[b\] \[\1\]\n$once/,
     'two statements over one connection');


# transactions

like($probe->get('insert:one,count:one', 'transaction', 'write'),
     qr/affected=1.*\n.*\[1\] \[one\]\n$once/, 'a transaction');
is($api->value("SELECT count(*) FROM probe WHERE v = 'one'"), 1,
   'is committed');

like($probe->get('insert:two,count:two,decline', 'transaction', 'write'),
     qr/\[1\] \[two\]\ndeclined at try 1/, 'one that is declined');
like($probe->get('insert:two,mistake', 'transaction', 'write'),
     qr/^500 The server had too little memory/, 'one that fails');
like($probe->get('insert:two,text:%ff', 'transaction', 'write'),
     qr/^500 The database refused/, 'one that is refused');
is($api->value("SELECT count(*) FROM probe WHERE v = 'two'"), 0,
   'nothing of them is kept');

like($probe->get('late:none', 'transaction', 'write'),
     qr/^500 The database refused/, 'one that is refused as it commits');
like($probe->get('insert:three,count:three', 'write'),
     qr/\[1\] \[three\]\n$once/, 'a write without a transaction');
is($api->connections("state = 'idle'"), 1, 'one connection did all this');


# what is done again

like($probe->get('serial:4', 'transaction'), qr/\[at last\].*\n.*try 4\n/,
     'a transaction that cannot be serialized is begun again');
like($probe->get('serial:3'), qr/\[at last\].*\n.*try 2\n/,
     'and a statement');
like($probe->get('serial:1000', 'transaction'), qr/^503 Too many requests/,
     'but not for ever');

my @both = $probe->crowd(2, sub {
    my ($one, $two) = $_[0] ? qw(a b) : qw(b a);

    return $probe->get("bump:$one,sleep:0.2,bump:$two", 'transaction',
                       'write');
})->();

is(scalar(grep { $_->[0] =~ /^503|^200/ } @both), 2, 'a deadlock ends');
is($api->value('SELECT sum(n) FROM probe_n'),
   2 * grep({ $_->[0] =~ /^200/ } @both), 'and no write is done twice');

like($probe->get('star:star'), qr/\[star\] \[NULL\]\n$once/, 'columns');
$api->sql('ALTER TABLE probe_star ADD COLUMN w text DEFAULT \'new\'');
like($probe->get('star:star'), qr/\[star\] \[new\]\ndone at try [23]\n/,
     'a plan whose columns have changed is made again');
like($probe->get('star:star,forget'), qr/$once/, 'statements are forgotten');
like($probe->get('star:star'), qr/\[new\]\ndone at try [23]\n/,
     'and prepared again');


# time

my ($seconds, $text) = $probe->timed('sleep:9');

like($text, qr/^503 The database took too long/, 'a statement takes long');
ok($seconds > 0.8 && $seconds < 3, 'and is given up in time')
    or diag($seconds);
like($probe->get('text:a'), qr/^200/, 'the next one is well');


# what is counted

my $metrics = $probe->metrics;

is($metrics->{'wubloader_database_connections{state="busy"}'}, 0,
   'no connection is busy');
is($metrics->{'wubloader_database_queue_length'}, 0, 'nothing waits');
is($metrics->{'wubloader_database_queries_total{result="declined"}'}, 1,
   'one was declined');
is($metrics->{'wubloader_database_errors_total{kind="slow"}'}, 1
   + grep({ $_->[0] =~ /^503/ } @both), 'one was slow');
is($metrics->{'wubloader_database_errors_total{kind="refused"}'}, 4,
   'four were refused');
cmp_ok($metrics->{wubloader_database_retries_total}, '>=', 12, 'retries');
cmp_ok($metrics->{wubloader_database_query_seconds_count}, '>', 20,
       'how long it took');

is($probe->nginx->stop // '', '', 'nginx ends');
is_deeply([ $probe->nginx->unexpected ], [], 'with nothing on its log');
is($api->connections, 0, 'and no connection is left');


# the directive

my @refused = (
    [ '"dbname=wub sekrit"', qr/has a word without a "="/ ],
    [ '"dbname=wub colour=sekrit"', qr/has a key that libpq does not know/ ],
    [ '"dbname=wub password=\'sekrit"', qr/has a single quote too few/ ],
    [ '"postgresql://me:sekrit@db/wub%zz"', qr/has a percent sign without/ ],
    [ '"postgresql://me:sekrit@[::1/wub"', qr/is none that libpq reads/ ],
    [ '"postgresql://me:sekrit@db:x/wub"', qr/has a port that is no number/ ],
    [ '"host=a port=65536"', qr/has a port that is no number from 1 to/ ],
    [ '"postgresql://db/wub?sekrit=1"', qr/has a parameter that libpq/ ],
    [ '""', qr/is empty; write / ],
    [ '"host=a,b port=1,2,3"', qr/has not as many ports as hosts/ ],
    [ '"host=a,b hostaddr=10.0.0.1"', qr/not as many of hostaddr as of/ ],
    [ '"host=' . join(',', ('a') x 33) . '"', qr/has more than 32 hosts/ ],
    [ '"host=a sslmode=sekrit"', qr/has an sslmode that is not disable/ ],
    [ '"host=a target_session_attrs=x"', qr/has a target_session_attrs/ ],
    [ '"host=a connect_timeout=x"', qr/connect_timeout that is not whole/ ],
    [ '"service=wub"', qr/names a service, whose file/ ],
    [ '"host=a replication=true"', qr/asks for replication/ ],
    [ '"host=a" connections=0', qr/connections= from 1 to 256/ ],
    [ '"host=a" connections=257', qr/connections= from 1 to 256/ ],
    [ '"host=a" timeout=99ms', qr/timeout= from 100ms to 1h/ ],
    [ '"host=a" timeout=61m', qr/timeout= from 100ms to 1h/ ],
    [ 'host=a password=sekrit', qr/takes a conninfo, in quotes when/ ],
    [ '"host=a"; wubloader_database "host=b"', qr/is duplicate/ ],
);

for my $case (@refused) {
    my ($words, $why) = @$case;
    my $nginx = Wub::Nginx->new(
        config => "location /x { wubloader_database $words; }");

    isnt($nginx->start_refused, undef, "$words is refused");
    like($nginx->log_text, qr/\[emerg\].*$why/, 'with a sentence');
    unlike($nginx->log_text, qr/sekrit/, 'that tells no password');
}

for my $words ('off', '"postgresql://me@db,db2:5433/wub?sslmode=require"',
               '"host=/run/postgresql" timeout=30 connections=256')
{
    my $nginx = Wub::Nginx->new(
        config => "location /x { wubloader_database $words; }");

    is($nginx->start, '', "$words is taken");
    $nginx->stop;
}

done_testing();
