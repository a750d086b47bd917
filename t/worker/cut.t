#!/usr/bin/perl

# The role cut on a real database and a real store: from EDITED to a video
# on the disk, and who may take which job.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Cutter;
use Wub::Media;


my $rig = Wub::Cutter->new;


subtest 'a job of two ranges' => sub { whole() };
subtest 'a transition' => sub { transition() };
subtest 'a thumbnail of its own' => sub { thumbnail() };
subtest 'kinds of cuts' => sub { kinds() };
subtest 'whose job it is' => sub { whose() };
subtest 'a notification wakes' => sub { notified() };
subtest 'jobs that cannot be cut' => sub { held() };
subtest 'holes' => sub { holes() };
subtest 'one round' => sub { once() };
subtest 'progress' => sub { progress() };
subtest 'a job that is taken away' => sub { cancelled() };
subtest 'a job that changes under the claim' => sub { changed() };
subtest 'two workers' => sub { two() };
subtest 'two workers of one name' => sub { names() };
subtest 'an end in order' => sub { stopped() };

done_testing;


# numbers of the frames of ranges in seconds, 30 to a second
sub frames {
    return map { my $r = $_; grep { $_ >= $r->[0] * 30 - 1e-6
                                    && $_ < $r->[1] * 30 - 1e-6 } 0 .. 359 }
        @_;
}


sub video {
    my ($row) = @_;

    my ($name) = $row->{video_link} =~ m{([^/]+)$};

    return ($name, "$rig->{videos}/$name");
}


sub slurp {
    open my $fh, '<:raw', $_[0] or return undef;
    local $/;

    return scalar <$fh>;
}


sub whole {
    my @ranges = ([0.5, 3.2], [7.1, 9.9]);
    $rig->submit('whole', ranges => \@ranges,
                 video_title => "'A title: \x{e4}/\x{20ac}'",
                 video_description => "'It said \"so\"'");
    my $worker = $rig->start(args => ['--tags', 'two,three'],
        location => { url_prefix => 'https://here/videos/' });
    my $row = $rig->wait('whole', 'DONE');

    my ($name, $path) = video($row);
    is $name, "A_title_____-$row->{video_id}.ts", 'the name of the file';
    is $row->{video_link}, "https://here/videos/$name", 'the link';
    like $row->{video_id}, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
        'the id is a UUID';
    is $row->{uploader}, 'node1', 'the uploader';
    is $row->{error}, undef, 'no error';
    is $row->{progress}, 1, 'all of it';
    is $row->{progress_note}, undef, 'no note any more';
    is $row->{thumbnail_last_written}, undef, 'no thumbnail';
    is $rig->value("SELECT abs(extract(epoch FROM now() AT TIME ZONE 'UTC'"
                   . " - upload_time)) < 20 FROM events"), 't',
        'the time of upload';

    my $video = Wub::Media->read($path);
    is_deeply $video->{numbers}, [frames(@ranges)], 'the frames asked for';
    is $video->{noise}, '', 'a decoder finds nothing wrong';

    (my $info = $path) =~ s/\.ts$/.json/;
    is_deeply decode_json(slurp($info)),
        { title => "A title: \x{e4}/\x{20ac}",
          description => 'It said "so"', tags => [qw(one two three)] },
        'the information beside it';
    is scalar($rig->files), 2, 'and nothing else';

    my $job = $rig->job('whole');
    is_deeply [@$job{qw(claim_token lease_until attempt node)}],
        [undef, undef, 1, 'node1'], 'the claim is over';

    is $worker->stop, 0, 'SIGTERM with nothing to do';
    like $worker->log, qr/^time=\S+Z[ ]level=info[ ]role=cut[ ]pid=\d+[ ]
        msg=claimed[ ]job=whole[ ]/xm, 'logfmt lines';
    unlike $worker->log, qr/^(?!time=)/m, 'nothing but such lines';
    $rig->clear;
}


# of its one second thirty frames are shown twice
sub transition {
    $rig->submit('cross', ranges => [[0.5, 3.2], [7.1, 9.9]],
                 video_transitions => q(ARRAY[('fade', 1)]::)
                     . 'video_transition[]');
    is(($rig->once)[0], 0, 'one round');

    my (undef, $path) = video($rig->wait('cross', 'DONE'));
    my $video = Wub::Media->read($path);
    my @numbers = @{$video->{numbers}};

    is scalar @numbers, 81 - 30 + 84, 'its length';
    is_deeply [@numbers[0 .. 50, 81 .. 134]],
        [frames([0.5, 2.2], [8.1, 9.9])], 'the frames outside of it';
    is $video->{noise}, '', 'a decoder finds nothing wrong';
    $rig->clear;
}


sub thumbnail {
    my $png = "\x89PNG\r\n\x1a\n" . join '', map { chr } 0 .. 255;

    $rig->submit('thumb', thumbnail_mode => "'CUSTOM'",
                 thumbnail_image => sprintf q('\x%s'), unpack 'H*', $png);
    is(($rig->once)[0], 0, 'one round');

    my $row = $rig->wait('thumb', 'DONE');
    my ($name, $path) = video($row);
    is $row->{video_link}, "file://$path", 'a link to the file';
    is slurp("$rig->{videos}/$row->{video_id}.png"), $png, 'the image';
    is $row->{thumbnail_last_written}, '\\x' . sha256_hex($png), 'its sum';
    $rig->clear;
}


# a job's own kind, and that of its location, each with its file's ending
sub kinds {
    my @files = map { $_->{path} } @{$rig->{media}{segments}};

    $rig->submit('rough', ranges => [[2.5, 5]], cut_type => "'rough'");
    $rig->submit('archive', ranges => [[2.5, 5]], cut_type => "'archive'");
    $rig->submit('runs', ranges => [[0, 1], [2.5, 5]],
                 cut_type => "'archive'");
    is(($rig->once)[0], 0, 'one round');

    my ($name, $path) = video($rig->row('rough'));
    like $name, qr/\.ts\z/, 'rough: a name';
    ok slurp($path) eq slurp($files[1]) . slurp($files[2]),
        'rough: its segments';

    ($name, $path) = video($rig->row('archive'));
    like $name, qr/\.mkv\z/, 'archive: a name';
    is_deeply(Wub::Media->read($path)->{numbers}, [60 .. 179],
              'archive: the frames of its segments');

    my $row = $rig->row('runs');
    is $row->{state}, 'UNEDITED', 'several runs: refused';
    like $row->{error}, qr/ 2 runs without holes/, 'several runs: a sentence';

    # the location's kind with its settings, and another one's defaults

    $rig->submit('mp4', ranges => [[2.5, 3.5]]);
    $rig->submit('ts', ranges => [[2.5, 3]], cut_type => "'full'");
    is(($rig->once(location => { cut_type => 'mp4',
                                 encode => { crf => 40 } }))[0], 0,
       'encoded: one round');

    ($name, $path) = video($rig->row('mp4'));
    like $name, qr/\.mp4\z/, 'mp4: a name';
    is_deeply(Wub::Media->read($path)->{numbers}, [75 .. 104],
              'mp4: its frames');
    my $bytes = slurp($path);
    cmp_ok index($bytes, 'moov'), '<', index($bytes, 'mdat'),
        'mp4: its index is in front';
    cmp_ok length $bytes, '<', 40_000, 'mp4: its settings are used';

    ($name, $path) = video($rig->row('ts'));
    like $name, qr/\.ts\z/, 'full: a name';
    is_deeply(Wub::Media->read($path)->{numbers}, [75 .. 89],
              'full: its frames');
    cmp_ok -s $path, '>', 40_000, 'full: settings are those of its kind';

    # the footage has less than its name says: a line in the log

    my $short = $rig->{media}->put($rig->{media}{start} + 12, 4, 'full',
                                   slurp($files[0]));
    $rig->submit('short', ranges => [[11, 15], [13, 13.5], [0, 1], [12.5, 13]]);
    my ($status, $log) = $rig->once(location => { cut_type => 'fast' });
    is $rig->row('short')->{state}, 'DONE', 'a short segment: cut';
    like $log, qr/level=warn .*1 segment has less footage .* by 2\.\d+ s/,
        'a short segment: a warning';
    unlink $short->{path};
    $rig->clear;
}


sub whose {
    $rig->submit('free');
    $rig->submit('mine', uploader_whitelist => q('{other,node1}'));
    $rig->submit('theirs', uploader_whitelist => q('{other}'));
    $rig->submit('nobodys', uploader_whitelist => q('{}'));
    $rig->submit('elsewhere', upload_location => "'youtube'");
    $rig->submit('draft', state => 'UNEDITED');

    is(($rig->once(args => ['--explicit-only']))[0], 0, 'explicit only');
    is_deeply states(), { mine => 'DONE', map { $_ => 'EDITED' }
        qw(free theirs nobodys elsewhere) } , 'its own only';

    is(($rig->once)[0], 0, 'any');
    is_deeply states(), { mine => 'DONE', free => 'DONE', map {
        $_ => 'EDITED' } qw(theirs nobodys elsewhere) }, 'those for all too';

    $rig->sql("UPDATE events SET state = 'EDITED', uploader_whitelist = NULL"
              . " WHERE id = 'theirs'");
    is(($rig->once(location => { no_uploader => JSON::PP::true }))[0], 0,
       'a location that is not used');
    is $rig->row('theirs')->{state}, 'EDITED', 'left alone';
    $rig->clear;
}


# many more jobs, one after the other, than there are polls in the time
sub notified {
    my $worker = $rig->start;
    $rig->until('a connection', sub { $worker->log =~ /connected/ });

    my $begin = time;
    for my $n (1 .. 8) {
        $rig->submit("quick$n", ranges => [[1, 1.1]]);
        $rig->wait("quick$n", 'DONE');
    }
    my $polls = (time - $begin) / 0.9;
    cmp_ok $polls, '<', 8, 'it does not wait for the next poll';
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


sub states {
    my %state = map { @$_ }
        $rig->sql("SELECT id, state FROM events WHERE id <> 'draft'");

    is $rig->row('draft')->{state}, 'UNEDITED', 'a draft is left alone';

    return \%state;
}


sub held {
    my %case = (
        transition => [{ ranges => [[1, 2], [3, 4]],
                         video_transitions => q(ARRAY[('sparkle', 1)]::)
                             . 'video_transition[]' },
                       qr/transition "sparkle" after range 1 is unknown/],
        lasting => [{ ranges => [[1, 2], [3, 6]],
                      video_transitions => q(ARRAY[('fade', 1.5)]::)
                          . 'video_transition[]' },
                    qr/transition "fade" after range 1 is longer than range 1/],
        bare => [{ thumbnail_mode => "'BARE'" , thumbnail_time => 'now()' },
                 qr/thumbnail mode BARE is not in this version/],
        channel => [{ video_channel => "'nowhere'" }, qr/nowhere/],
        dots => [{ video_channel => "'..'" }, qr/do not begin with a dot/],
        broad => [{ video_channel => "repeat(U&'\\+01F600', 200) || '/'" },
                  qr/is no channel and quality/],
        empty => [{ ranges => [[100, 101]] },
                  qr/range 1 \(.* to .*\): There is no footage/],
        backwards => [{ ranges => [[1, 2], [4, 3]] },
                      qr/range 2 \(.*\) does not end after its start/],
        years => [{ ranges => [[1, 2], [3, 2e11]] },
                  qr/range 2 \(.*\) is longer than 1000 hours/],
        image => [{ thumbnail_mode => "'CUSTOM'", thumbnail_image => "''" },
                  qr/no image/],
    );

    $rig->submit($_, %{$case{$_}[0]}) for sort keys %case;
    $rig->submit('good');
    is(($rig->once(name => 'node one'))[0], 0, 'one round');

    is $rig->row('good')->{state}, 'DONE', 'the good one is done';

    for my $id (sort keys %case) {
        my $row = $rig->row($id);
        like $row->{error}, qr/^node one: .*$case{$id}[1]/, "$id: sentence";
        is $row->{state}, 'EDITED', "$id: still EDITED";
        is $row->{uploader}, undef, "$id: nobody's";
    }

    # what another said stays, what it said itself is replaced
    $rig->sql("UPDATE events SET error = 'node9: not me' WHERE id = 'empty'");
    $rig->sql("UPDATE events SET thumbnail_mode = 'NONE',"
              . " video_channel = 'elsewhere' WHERE id = 'bare'");
    is(($rig->once(name => 'node one'))[0], 0, 'once more');
    is $rig->row('empty')->{error}, 'node9: not me', 'the words of others';
    like $rig->row('bare')->{error}, qr/elsewhere/, 'its own words';
    $rig->clear;
}


# said while another job is cut, and cut when the footage is there
sub holes {
    my $file = $rig->{media}{segments}[4]{path};
    rename $file, "$file.away" or die "$file: $!\n";

    my $gate = $rig->gate('finalize');
    $rig->submit('first');
    my $worker = $rig->start;
    $rig->at_gate;

    $rig->submit('holes', ranges => [[1, 2], [7, 9], [9.5, 10.5]]);
    my $row = $rig->wait('holes', 'EDITED', qr/./);
    is $row->{error}, 'node1: range 2 (' . $rig->time_of(7) . ' to '
        . $rig->time_of(9) . ') has 1 hole, the first from '
        . $rig->time_of(8) . ' to ' . $rig->time_of(9) . '; wait for the'
        . ' footage, move the range or allow holes', 'which range, where';

    $gate->open;
    $rig->wait('first', 'DONE');

    $rig->submit('allowed', ranges => [[7, 9], [9.5, 10.5]],
                 allow_holes => 'true');
    $row = $rig->wait('allowed', 'DONE');
    is_deeply(Wub::Media->read((video($row))[1])->{numbers},
              [frames([7, 8], [10, 10.5])], 'what is there of it');

    rename "$file.away", $file or die "$file: $!\n";
    $row = $rig->wait('holes', 'DONE');
    is $row->{error}, undef, 'no error any more';
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


sub once {
    $rig->submit("job$_") for 1 .. 3;
    $rig->submit('never', video_channel => "'nowhere'");

    my ($status, $log) = $rig->once(args => ['--jobs', '2']);
    is $status, 0, 'status';
    is $rig->row("job$_")->{state}, 'DONE', "job$_" for 1 .. 3;
    is $rig->row('never')->{state}, 'EDITED', 'the other one';

    ($status, $log) = $rig->once;
    is $status, 0, 'nothing to do';
    $rig->clear;
}


sub progress {
    my ($worker, $child) = $rig->frozen('slow', 'renew',
                                        ranges => $rig->slow);
    my $row = $rig->row('slow');
    is $row->{state}, 'CLAIMED', 'CLAIMED';
    cmp_ok $row->{progress}, '>', 0, 'progress';
    cmp_ok $row->{progress}, '<', 1, 'not all of it';
    like $row->{progress_note}, qr/^cut \d+ of 84 s$/, 'the note';
    is $rig->value("SELECT lease_until > now() + interval '50 seconds' FROM"
                   . " event_jobs"), 't', 'the lease is renewed';

    my @temp = $rig->files;
    is @temp, 1, 'one file';
    like $temp[0], qr/^A_title-[0-9a-f-]{36}\.ts\.temp$/, 'a temp name';

    kill 'CONT', $child;
    $rig->wait('slow', 'DONE');

    is $worker->stop, 0, 'ends';
    $rig->clear;
}


sub cancelled {
    my $worker = $rig->start;

    for my $to ('UNEDITED', 'EDITED') {
        my $gate = $rig->gate('renew');

        # of that length that the next look at the row comes in mid-cut

        $rig->submit($to, ranges => [(@{$rig->slow}) x 2]);
        my ($child) = $rig->freeze($worker, $gate);

        # as the editor does: back to a draft, or another edit of the same
        $rig->sql("UPDATE events SET state = '$to', uploader = NULL,"
                  . " error = NULL, video_ranges = video_ranges[1:1],"
                  . " video_transitions = '{}' WHERE id = '$to'");
        is $rig->job($to)->{claim_token}, undef, "$to: the claim is void";

        my @before = $rig->files;
        kill 'CONT', $child;
        $rig->until('the child to end', sub { !kill 0, $child });
        ok !(grep { $_ eq $before[0] } $rig->files), "$to: no temp file";
        like $worker->log, qr/"taken away, nothing is left of it" job=$to/,
            "$to: quietly";
        unlike $worker->log, qr/msg=cut job=$to/, "$to: in mid-cut";
        is $rig->row($to)->{error}, undef, "$to: no error";
    }

    is $rig->row('UNEDITED')->{state}, 'UNEDITED', 'the draft stays one';
    my $row = $rig->wait('EDITED', 'DONE');
    is_deeply(Wub::Media->read((video($row))[1])->{numbers},
              [frames([0.3, 1.7])], 'the other edit is cut');
    is $worker->stop, 0, 'ends';
    $rig->clear;
}


# an edit that commits between the look at the row and the claim
sub changed {
    $rig->submit('edit', state => 'UNEDITED');

    my $worker = $rig->start;
    $rig->until('a connection', sub { $worker->log =~ /connected/ });

    # the claim waits for the row's lock and must then look again
    $rig->sql("CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS"
              . " \$\$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END \$\$;"
              . " CREATE TRIGGER anap BEFORE UPDATE ON events FOR EACH ROW"
              . " WHEN (NEW.video_title = 'New') EXECUTE FUNCTION nap()");
    $rig->sql("UPDATE events SET state = 'EDITED' WHERE id = 'edit';"
              . " UPDATE events SET video_title = 'New' WHERE id = 'edit'");

    my $row = $rig->wait('edit', 'DONE');
    like $row->{video_link}, qr{/New-}, 'the newer edit is what was cut';
    is $rig->job('edit')->{attempt}, 1, 'with one claim';
    is $worker->stop, 0, 'ends';
    $rig->sql('DROP TRIGGER anap ON events');
    $rig->clear;
}


sub two {
    my @workers = map { $rig->start(name => "node$_") } 1, 2;

    $rig->submit("job$_", ranges => [[1, 2]]) for 1 .. 8;
    $rig->wait("job$_", 'DONE') for 1 .. 8;

    is $_->stop, 0, 'ends' for @workers;
    is grep({ /\.ts$/ } $rig->files), 8, 'each once';
    is grep({ !/\.(?:ts|json)$/ } $rig->files), 0, 'nothing is left over';
    is $rig->value('SELECT count(*) FROM event_jobs WHERE attempt = 1'), 8,
        'one claim each';
    $rig->clear;
}


sub names {
    my $first = $rig->start;
    $rig->until('the first to be there', sub { $first->log =~ /connected/ });

    my ($status, $log) = $rig->once;
    is $status, 1, 'the second gives up';
    like $log, qr/Another worker named \\"node1\\" is at work/, 'and says why';

    my ($other) = $rig->once(name => 'node2');
    is $other, 0, 'another name is welcome';
    is $first->stop, 0, 'the first goes on';
}


sub stopped {
    for my $signal (qw(TERM INT)) {
        my ($worker, $child) = $rig->frozen("job$signal", 'renew',
                                            ranges => $rig->slow);
        $worker->kill($signal);
        $rig->until('the signal', sub { $worker->log =~ /msg=stopping/ });
        kill 'CONT', $child;

        is $worker->wait, 0, "SIG$signal: status";
        my $row = $rig->row("job$signal");
        is_deeply [@$row{qw(state uploader error progress)}],
            ['EDITED', undef, undef, undef], "SIG$signal: given back";
        is scalar($rig->files), 0, "SIG$signal: no file is left";
        $rig->clear;
    }

    # past the point of no return it is finished instead
    my ($worker, $child) = $rig->frozen('last', 'finalize');
    is $rig->row('last')->{state}, 'FINALIZING', 'FINALIZING';

    $worker->kill('TERM');
    $rig->until('the signal', sub { $worker->log =~ /msg=stopping/ });
    kill 'CONT', $child;
    is $worker->wait, 0, 'status';
    is $rig->row('last')->{state}, 'DONE', 'DONE';
    $rig->clear;
}
