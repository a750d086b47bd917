# The editor's API: 200 editors at once, on one row and on many.  No update
# is lost, and the history tells of each that was answered.

use strict;
use warnings;

use IO::Select;
use Test::More;
use Time::HiRes qw(time);

use Wub::Api;
use Wub::Editor qw(edit edit_event edit_json);
use Wub::Http qw(http_connect http_parse);
use Wub::Nginx;

use constant EDITORS => 200;

my $api = Wub::Api->new;
my $nginx = Wub::Nginx->new(workers => 2, connections => 1024,
    config => $api->location(words => ['connections=6', 'timeout=30s']));

is($nginx->start, '', 'nginx starts');


# All requests are on their way before the first answer is looked at;
# [target, body], ... => [status, body], ... in the same order
sub at_once {
    my (@requests) = @_;

    my $select = IO::Select->new;
    my (%of, %got, @answers);

    for my $i (0 .. $#requests) {
        my ($target, $body) = @{ $requests[$i] };
        my $sock = http_connect($nginx->port) or die "connect: $!\n";

        $body = edit_json($body);
        print $sock join("\r\n", "POST $target HTTP/1.1", 'Host: x',
            'Content-Type: application/json', 'Connection: close',
            'Content-Length: ' . length $body, '', ''), $body;
        $sock->flush;
        $select->add($sock);
        $of{$sock} = $i;
        $got{$i} = '';
    }

    my $until = time + 30;

    while ($select->count && time < $until) {
        for my $sock ($select->can_read(1)) {
            next if sysread $sock, $got{$of{$sock}}, 65536,
                length $got{$of{$sock}};
            $select->remove($sock);
            $sock->close;
        }
    }

    for my $i (0 .. $#requests) {
        my $res = http_parse($got{$i}, 'POST') || {};
        push @answers, [$res->{status} // 0, $res->{body} // ''];
    }

    return @answers;
}


sub tally {
    my %n;

    $n{$_->[0]}++ for @_;
    return join ', ', map { "$_: $n{$_}" } sort keys %n;
}


# [old, new] of a column of the changes of an event, in their order
sub history {
    my ($id, $column) = @_;

    return $api->sql("SELECT old ->> '$column', new ->> '$column' "
        . "FROM audit.logged_actions WHERE table_name = 'events' "
        . "AND action = 'U' AND key = '$id' AND new ? '$column' "
        . 'ORDER BY event_id');
}


# ---- one row, 200 titles

$api->event('one', video_title => 'first');

my @answers = at_once(map { ['/thrimshim/one',
    edit('one', video_title => "title $_", video_tags => ["tag $_"])] }
    1 .. EDITORS);

is(tally(@answers), '201: ' . EDITORS, 'one row: all are written');

{
    my @history = history('one', 'video_title');
    my $was = 'first';
    my $breaks = 0;

    for my $change (@history) {
        $breaks++ if $change->[0] ne $was;
        $was = $change->[1];
    }

    is(scalar @history, EDITORS, 'one row: each in the history');
    is($breaks, 0, 'one row: each over the one before it');
    is($api->row('one')->{video_title}, $was, 'one row: the last one stays');

    my %seen = map { $_->[1] => 1 } @history;

    is(scalar keys %seen, EDITORS, 'one row: none twice');

    my ($n) = $was =~ /(\d+)/;

    is($api->row('one')->{video_tags}[0], "tag $n",
       'one row: title and tags are of one editor');
}


# ---- one row whose sheet has changed for half of them

$api->event('half', category => 'New', video_title => 'first');
@answers = at_once(map { ['/thrimshim/half', edit('half',
    video_title => "title $_", category => $_ % 2 ? 'New' : 'Old')] }
    1 .. EDITORS);

is(tally(@answers), '201: 100, 409: 100', 'stale editors are told');
is(scalar history('half', 'video_title'), EDITORS / 2,
   'and have written nothing');
is(scalar(grep { $_->[0] == 409 && $_->[1] !~ /^category: Old => New$/m }
          @answers), 0, 'and see what has changed');


# ---- one row, and only one may be first

$api->event('link');
@answers = at_once(map { ['/thrimshim/manual-link/link',
    { link => "https://x/$_" }] } 1 .. EDITORS);

is(tally(@answers), '200: 1, 403: 199', 'one link wins');
is(scalar history('link', 'video_link'), 1, 'and is the only one');


# ---- editors against a cutter that takes the job away

edit_event($api, 'race', 'EDITED');

my $pid = fork // die "fork: $!\n";

if (!$pid) {
    select undef, undef, undef, 0.1;
    $api->{pg}->psql($api->database, "UPDATE events SET state = 'CLAIMED', "
        . "uploader = 'them' WHERE id = 'race' AND state = 'EDITED'; "
        . "UPDATE events SET state = 'FINALIZING' "
        . "WHERE id = 'race' AND state = 'CLAIMED'");
    POSIX::_exit(0);
}

@answers = at_once(map { ['/thrimshim/race',
    edit('race', video_title => "title $_")] } 1 .. EDITORS);
waitpid $pid, 0;

like(tally(@answers), qr/^(?:201: \d+)?(?:, )?(?:403: \d+)?$/,
     'a job that goes away: ' . tally(@answers));

{
    my @titles = history('race', 'video_title');
    my $written = grep { $_->[0] == 201 } @answers;

    is(scalar @titles, $written, 'each 201 is in the history, nothing else');
    is($api->value("SELECT count(*) FROM audit.logged_actions "
        . "WHERE key = 'race' AND old ->> 'state' = 'FINALIZING'"), 0,
       'nobody has taken it from its upload');
}


# ---- a change that is not committed yet is waited for

sub held {
    my ($name, $status, $id, $change) = @_;

    my $child = fork // die "fork: $!\n";

    if (!$child) {
        $api->{pg}->psql($api->database, "BEGIN; UPDATE events SET $change "
            . "WHERE id = '$id'; SELECT pg_sleep(0.6); COMMIT");
        POSIX::_exit(0);
    }

    until ($api->{pg}->value('postgres', 'SELECT count(*) FROM '
        . "pg_stat_activity WHERE wait_event = 'PgSleep'") > 0)
    {
        select undef, undef, undef, 0.02;
    }

    my ($answer) = at_once(["/thrimshim/$id",
        edit($id, video_title => 'too late')]);

    waitpid $child, 0;
    is($answer->[0], $status, $name);
    isnt($api->row($id)->{video_title}, 'too late', 'and nothing is written');
    return;
}

edit_event($api, 'held', 'CLAIMED');
held('a job that is being sent', 403, 'held', "state = 'FINALIZING'");
$api->event('held-sheet', video_title => 'first');
held('a sheet that is being changed', 409, 'held-sheet', "notes = 'new'");


# ---- many rows

$api->event("row$_") for 1 .. EDITORS;
@answers = at_once(map { ["/thrimshim/row$_",
    edit("row$_", video_title => "title $_")] } 1 .. EDITORS);

is(tally(@answers), '201: ' . EDITORS, 'many rows: all are written');
is($api->value("SELECT count(*) FROM events WHERE id = "
    . "'row' || substr(video_title, 7) AND state = 'EDITED'"), EDITORS,
   'many rows: each its own');

is($api->value("SELECT count(*) FROM audit.logged_actions "
    . "WHERE table_name = 'events' AND action = 'U' "
    . "AND application_name = 'wubloader-nginx NOT_AUTH'"),
   EDITORS * 2 + EDITORS / 2 + 1
   + scalar history('race', 'video_title'),
   'the history names who did it');

done_testing();
