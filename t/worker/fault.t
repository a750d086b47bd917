#!/usr/bin/perl

# What the role cut makes of a world that fails: a database that goes away,
# full disks, footage that vanishes.  After each the row tells the truth, no
# file is half there, and the next start goes on.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Wub::Cutter;
use Wub::Media;


my $rig = Wub::Cutter->new;


subtest 'the database restarts in mid-job' => sub { restart() };
subtest 'the database is away at the end of a job' => sub { away() };
subtest 'the database is away at the start' => sub { start() };
subtest 'the database may only be read' => sub { readonly() };
subtest 'the disk is full' => sub { full() };
subtest 'a folder that went away' => sub { folder() };
subtest 'a segment vanishes' => sub { vanished() };
subtest 'a tombstone in mid-job' => sub { tombstone() };

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


sub restart {
    my ($worker, $child) = $rig->frozen('job', 'renew', ranges => $rig->slow);

    $rig->{pg}->restart('immediate');
    kill 'CONT', $child;
    my $row = $rig->wait('job', 'DONE');
    is $rig->job('job')->{attempt}, 1, 'it went on';
    is $row->{error}, undef, 'no error';

    # the parent is back too, and listens
    $rig->submit('next');
    $rig->wait('next', 'DONE');
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


sub away {
    my ($worker, $child) = $rig->frozen('job', 'claim', ranges => [[1, 2]]);

    $rig->{pg}->stop;
    kill 'CONT', $child;
    $rig->until('the video to be cut', sub {
        $worker->log =~ /msg=cut job=job/ });
    sleep 1.2;
    ok kill(0, $child), 'the child waits';
    like "@{[$rig->files]}", qr/^\S+\.temp$/, 'with its temp file';

    $rig->{pg}->start;
    whole('job', 30 .. 59);
    is $rig->job('job')->{attempt}, 1, 'it went on';

    # told to stop meanwhile, it gives up, and the row is true after a start
    $worker->stop;
    ($worker, $child) = $rig->frozen('late', 'claim', ranges => [[1, 2]]);
    $rig->{pg}->stop;
    $worker->kill('TERM');
    $rig->until('the signal', sub { $worker->log =~ /msg=stopping/ });
    kill 'CONT', $child;
    is $worker->wait, 0, 'it ends all the same';
    is scalar(grep { /temp$/ } $rig->files), 0, 'no temp file';
    $rig->{pg}->start;
    is $rig->row('late')->{state}, 'CLAIMED', 'nobody could tell the row';
    is(($rig->once)[0], 0, 'the next start');
    is $rig->row('late')->{state}, 'DONE', 'goes on';
    $rig->clear;
}


sub start {
    $rig->{pg}->stop;

    my ($status, $log) = $rig->once;
    is $status, 1, 'one round fails';
    like $log, qr/level=error .*msg=".*database/, 'with a sentence';

    my $worker = $rig->start;
    $rig->until('a try', sub { $worker->log =~ /the database is away/ });
    $rig->{pg}->start;
    $rig->submit('job');
    $rig->wait('job', 'DONE');
    is $worker->stop, 0, 'ends';

    # and one that cannot be told to stop only when it is back
    $rig->{pg}->stop;
    $worker = $rig->start;
    $rig->until('a try', sub { $worker->log =~ /the database is away/ });
    is $worker->stop, 0, 'SIGTERM while it is away';

    $worker = $rig->start(database => "$rig->{conninfo} bogus=1");
    is $worker->wait, 1, 'a conninfo that cannot be read';
    $rig->{pg}->start;

    ($status, $log) = $rig->once(
        database => $rig->{pg}->conninfo('bare'));
    is $status, 1, 'a database without our tables';
    like $log, qr/run wubloader-worker migrate/, 'what to do about it';
    $rig->clear;
}


# a standby, or a primary that is fenced: it is asked again, not too often
sub readonly {
    my $set = 'ALTER DATABASE wub SET default_transaction_read_only =';

    $rig->{pg}->psql('postgres', "$set on");
    my $worker = $rig->start;
    $rig->until('a try', sub { $worker->log =~ /is away.*read-only/ });
    sleep 2.5;
    my $tries = () = $worker->log =~ /is away/g;
    cmp_ok $tries, '<', 6, 'with pauses';

    $rig->{pg}->psql('postgres', "$set off");
    $rig->submit('job');
    $rig->wait('job', 'DONE');
    is $worker->stop, 0, 'it goes on when it may';
    $rig->clear;
}


# a limit on the size of files ends a write in the middle, as a full disk
# does; where a small file system can be mounted, that too
sub full {
    $rig->submit('job', ranges => [[0, 12]]);
    my ($status, $log) = $rig->once(limit => 300);
    is $status, 0, 'one round';
    full_row(qr/File too large/);

    my $small = "$rig->{dir}/small";
    mkdir $small or die "$small: $!\n";
    SKIP: {
        skip 'no file system can be mounted here', 5
            if system("mount -t tmpfs -o size=256k none '$small'"
                      . " 2> /dev/null") != 0;
        eval {
            $rig->once(videos => $small);
            full_row(qr/No space left on device/);
            is_deeply [glob "$small/*"], [], 'and it is empty again';
        };
        my $error = $@;
        system 'umount', '-l', $small;
        die $error if $error;
    }

    is(($rig->once)[0], 0, 'with room');
    whole('job', 0 .. 359);
    $rig->clear;
}


sub folder {
    my $videos = "$rig->{dir}/elsewhere";
    mkdir $videos or die "$videos: $!\n";

    my $worker = $rig->start(videos => $videos);
    $rig->until('a connection', sub { $worker->log =~ /connected/ });
    rmdir $videos or die "$videos: $!\n";

    $rig->submit('job');
    my $row = $rig->wait('job', 'EDITED', qr/./);
    like $row->{error}, qr/folder \Q$videos\E cannot be opened: No such file/,
        'the row says so';
    is $worker->stop, 0, 'ends';

    my ($status, $log) = $rig->once(videos => $videos);
    is $status, 1, 'at the start it is an error';
    like $log, qr/The location here cannot be used: the folder \Q$videos\E/,
        'with a sentence';
    $rig->clear;
}


sub vanished {
    my $file = $rig->{media}{segments}[2]{path};
    my ($worker, $child) = $rig->frozen('job', 'claim', ranges => [[1, 9]]);

    rename $file, "$file.away" or die "$file: $!\n";
    kill 'CONT', $child;
    my $row = $rig->wait('job', 'EDITED', qr/./);
    like $row->{error}, qr/^node1: .*(?:hole|vanished|No such file)/i,
        'the row says so';
    is scalar($rig->files), 0, 'no file is left';
    is $worker->stop, 0, 'ends';

    rename "$file.away", $file or die "$file: $!\n";
    is(($rig->once)[0], 0, 'when it is back');
    whole('job', 30 .. 269);
    $rig->clear;
}


# the first segment is in the video already when its tombstone comes
sub tombstone {
    my $stone = $rig->{media}{segments}[0]{path};
    $stone =~ s/\.ts$/.tombstone/;

    my @ranges = ([0.5, 1.5], grep { $_->[0] > 2 } @{$rig->slow});
    my ($worker, $child) = $rig->frozen('job', 'renew', ranges => \@ranges);

    open my $out, '>', $stone or die "$stone: $!\n";
    close $out;
    kill 'CONT', $child;
    my $row = $rig->wait('job', 'EDITED', qr/./);
    like $row->{error}, qr/segment .*11\/59:52\.000000-2-full\S+ was tombstone/,
        'the row says so';
    is scalar($rig->files), 0, 'no file is left';

    # nor is it cut again, with what is left of its first range
    $rig->sql('UPDATE events SET edit_time = now()');
    $row = $rig->wait('job', 'EDITED', qr/range 1 .*(?:hole|no footage)/);
    is $row->{state}, 'EDITED', 'and then what is missing';
    is $worker->stop, 0, 'ends';
    unlink $stone;
    $rig->clear;
}


sub full_row {
    my ($why) = @_;

    my $row = $rig->row('job');
    is $row->{state}, 'EDITED', 'EDITED';
    is $row->{uploader}, undef, 'nobody\'s';
    like $row->{error}, qr/^node1: \/\S+\.ts could not be written: $why/,
        'the row says what and where';
    is scalar($rig->files), 0, 'no file is left';
}
