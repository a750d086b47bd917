#!/usr/bin/perl

# Workers of the role cut that are killed or fall silent.  After each the row
# tells the truth, no file is half there, and the next start goes on.

use strict;
use warnings;

use Test::More;

use Wub::Cutter;
use Wub::Media;


my $rig = Wub::Cutter->new;


subtest 'a child is killed' => sub { child() };
subtest 'a child is killed too often' => sub { often() };
subtest 'the parent is killed' => sub { parent_cut() };
subtest 'killed before the video has its name' => sub { parent_before() };
subtest 'killed after the video has its name' => sub { parent_after() };
subtest 'a database that lost the last step' => sub { parent_lost() };
subtest 'a location that is not there any more' => sub { unsure() };
subtest 'a lease that ran out' => sub { lease() };
subtest 'claims of others' => sub { others() };

done_testing;


sub whole {
    my ($id, @frames) = @_;

    my $row = $rig->wait($id, 'DONE');
    my ($name) = $row->{video_link} =~ m{([^/]+)$};
    my $video = Wub::Media->read("$rig->{videos}/$name");

    is_deeply $video->{numbers}, \@frames, 'the video is whole';
    is $video->{noise}, '', 'a decoder finds nothing wrong';
    is scalar($rig->files), 2, 'and there is no other';
    is $row->{error}, undef, 'no error';

    return $row;
}


sub child {
    my ($worker, $child) = $rig->frozen('job', 'renew', ranges => $rig->slow);

    is scalar($rig->files), 1, 'a temp file';
    kill 'KILL', $child;
    my $row = $rig->wait('job', 'EDITED', qr/./);
    is $row->{error}, 'node1: the cut was killed by signal 9 (Killed); it is'
        . ' tried again', 'the row says so';
    is_deeply [@$row{qw(uploader progress)}], [undef, undef], 'nobody\'s';
    is scalar($rig->files), 0, 'the temp file is gone';
    is $rig->job('job')->{plan}{crashes}, 1, 'it is counted';

    # another edit need not wait
    $rig->sql("UPDATE events SET video_ranges = video_ranges[1:1],"
              . " video_transitions = '{}'");
    whole('job', 9 .. 50);
    is $rig->job('job')->{plan}{crashes}, 0, 'and counts anew';
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


sub often {
    my ($worker, $child) = $rig->frozen('job', 'claim');

    $rig->sql(q(UPDATE event_jobs SET plan = plan || '{"crashes": 2}'));
    kill 'KILL', $child;
    my $row = $rig->wait('job', 'UNEDITED');
    like $row->{error}, qr/signal 9 \(Killed\), as often as this may happen/,
        'a person has to look';
    is $row->{uploader}, 'node1', 'whose log tells more';
    is scalar($rig->files), 0, 'no file';
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


# its child dies with it, even one that holds still
sub parent_cut {
    my ($worker, $child) = $rig->frozen('job', 'renew', ranges => $rig->slow);
    $worker->kill('KILL');
    is $worker->wait, 128 + 9, 'killed';
    $rig->until('the child to die', sub { !kill 0, $child });

    my $row = $rig->row('job');
    is_deeply [@$row{qw(state uploader)}], [qw(CLAIMED node1)], 'CLAIMED';
    my ($temp) = $rig->files;
    like $temp, qr/\.temp$/, 'a temp file';

    # the next start gives it back and goes on, with less to do
    $rig->sql("UPDATE events SET video_ranges = video_ranges[1:1],"
              . " video_transitions = '{}'");
    my $gate = $rig->gate('claim');
    my $next = $rig->start;
    $row = $rig->wait('job', 'EDITED', qr/./);
    is $row->{error}, 'node1: the worker ended in the middle of the cut; it'
        . ' is tried again', 'the row says so';
    is scalar($rig->files), 0, 'the temp file is gone';
    $gate->open;

    whole('job', 9 .. 50);
    is $rig->job('job')->{attempt}, 2, 'the second attempt';
    is $next->stop, 0, 'ends';
    $rig->clear;
}


sub parent_before {
    my ($worker, $child) = $rig->frozen('job', 'finalize', ranges => [[1, 2]]);

    $worker->kill('KILL');
    $rig->until('the child to die', sub { !kill 0, $child });
    is $rig->row('job')->{state}, 'FINALIZING', 'FINALIZING';
    my @files = $rig->files;
    like "@files", qr/^\S+\.ts\.temp$/, 'under its temp name';

    is(($rig->once)[0], 0, 'the next start');
    whole('job', 30 .. 59);
    is $rig->job('job')->{attempt}, 2, 'cut again';
    $rig->clear;
}


sub parent_after {
    my $gate = $rig->gate('done');
    $rig->submit('job', ranges => [[1, 2]]);
    my $worker = $rig->start;
    $rig->at_gate;

    # nor may the statement that waits at the gate succeed
    my ($child) = $worker->children;
    $worker->kill('KILL');
    $rig->until('the child to die', sub { !kill 0, $child });
    $rig->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              . " WHERE application_name LIKE '% job'");
    $gate->open;

    is $rig->row('job')->{state}, 'FINALIZING', 'FINALIZING';
    my ($name) = grep { /\.ts$/ } $rig->files;
    ok $name, 'the video is there';

    my ($status, $log) = $rig->once;
    is $status, 0, 'the next start';
    my $row = whole('job', 30 .. 59);
    like $row->{video_link}, qr{/\Q$name\E$}, 'that very video';
    is $rig->job('job')->{attempt}, 1, 'not cut again';
    like $log, qr/"found whole after a crash" job=job/, 'the log says so';
    $rig->clear;
}


# as after a crash of one that commits late, or with a standby in its place
sub parent_lost {
    $rig->submit('job', ranges => [[1, 2]]);
    is(($rig->once)[0], 0, 'done');
    my ($name) = grep { /\.ts$/ } $rig->files;

    $rig->sql("UPDATE events SET state = 'CLAIMED', video_id = NULL,"
              . " video_link = NULL, upload_time = NULL, progress = 0.5");
    $rig->sql("UPDATE event_jobs SET claim_token = gen_random_uuid(),"
              . " lease_until = now() + interval '1 minute'");

    is(($rig->once)[0], 0, 'the next start');
    my $row = whole('job', 30 .. 59);
    like $row->{video_link}, qr{/\Q$name\E$}, 'that very video';
    is $rig->job('job')->{attempt}, 1, 'not cut again';
    $rig->clear;
}


# whether its video is there, only a person can tell
sub unsure {
    my ($worker, $child) = $rig->frozen('job', 'finalize');

    $worker->kill('KILL');
    $rig->until('the child to die', sub { !kill 0, $child });
    $rig->sql("UPDATE events SET upload_location = 'elsewhere'");

    is(($rig->once)[0], 0, 'the next start');
    my $row = $rig->row('job');
    is $row->{state}, 'FINALIZING', 'stays FINALIZING';
    like $row->{error}, qr/^node1: The upload location "elsewhere" of this/,
        'the row says why';

    # and when it is there again, all is well
    $rig->sql("UPDATE events SET upload_location = 'here'");
    is(($rig->once)[0], 0, 'another start');
    whole('job', 30 .. 89);
    $rig->clear;
}


# node1 holds still for so long that node2 takes its job
sub lease {
    my ($worker, $child) = $rig->frozen('job', 'claim', ranges => [[1, 2]]);

    $worker->kill('STOP');
    $rig->sql('UPDATE event_jobs SET lease_until = now()');
    my $gate = $rig->gate('claim');
    my $other = $rig->start(name => 'node2');
    my $row = $rig->wait('job', 'EDITED', qr/./);
    is $row->{error}, 'node2: the worker node1 fell silent in the middle of'
        . ' the cut; it is tried again', 'the row says so';

    $gate->open;
    $row = $rig->wait('job', 'DONE');
    is $row->{uploader}, 'node2', 'the other did it';

    kill 'CONT', $child;
    $worker->kill('CONT');
    $rig->until('the first child to end', sub { !kill 0, $child });
    like $worker->log, qr/"taken away, nothing is left of it" job=job/,
        'the first sees that it is too late';
    is_deeply $rig->row('job'), $row, 'and changes nothing';
    whole('job', 30 .. 59);
    is $_->stop, 0, 'ends' for $worker, $other;
    $rig->clear;
}


sub others {
    $rig->submit('theirs', state => 'UNEDITED');
    $rig->submit('homonym', state => 'UNEDITED');
    $rig->submit('gone', state => 'UNEDITED');

    # an upstream cutter has no row in event_jobs, or an empty one
    $rig->sql("UPDATE events SET state = 'CLAIMED', uploader = 'upstream'"
              . " WHERE id = 'theirs';"
              . " UPDATE events SET state = 'CLAIMED', uploader = 'node1'"
              . " WHERE id = 'homonym';"
              . " UPDATE events SET state = 'FINALIZING', uploader = 'node9'"
              . " WHERE id = 'gone';"
              . " INSERT INTO event_jobs (id) VALUES ('theirs');"
              . " INSERT INTO event_jobs (id, node, claim_token, lease_until)"
              . " VALUES ('gone', 'node9', gen_random_uuid(),"
              . " now() - interval '1 day')");

    is(($rig->once)[0], 0, 'one round');
    is $rig->row('theirs')->{state}, 'CLAIMED', 'left to upstream';
    is $rig->row('homonym')->{state}, 'CLAIMED', 'even of one\'s own name';
    is $rig->row('gone')->{state}, 'FINALIZING', 'only node9 can look';
    $rig->clear;
}
