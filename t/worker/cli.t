#!/usr/bin/perl

# The command line of wubloader-worker: what is refused, with what sentence
# and exit status; and media, the one-shot cut.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Media;


my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wubcli.XXXXXX', TMPDIR => 1, CLEANUP => 1);

# a stray database must not be found
delete @ENV{grep { /^(?:PG|WUBLOADER_)/ } keys %ENV};


subtest 'help and version' => sub { help() };
subtest 'what is refused' => sub { refused() };
subtest 'the configuration' => sub { configuration() };
subtest 'media' => sub { media() };

done_testing;


# (exit status, standard output, standard error)
sub run {
    my (@args) = @_;

    my $out = File::Temp->new;
    my $err = File::Temp->new;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $out;
        open STDERR, '>&', $err;
        exec { $worker } $worker, @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;

    return ($? & 127 ? 128 + ($? & 127) : $? >> 8, slurp("$out"),
            slurp("$err"));
}


sub slurp {
    open my $fh, '<:raw', $_[0] or die "$_[0]: $!\n";
    local $/;

    return scalar(<$fh>) // '';
}


sub spew {
    my ($file, $text) = @_;

    open my $fh, '>', $file or die "$file: $!\n";
    print {$fh} $text;
    close $fh;

    return $file;
}


# exit 2, nothing on stdout, one line on stderr
sub usage {
    my ($like, @args) = @_;

    my ($status, $out, $err) = run(@args);
    my $name = join ' ', @args;
    is $status, 2, "$name: status";
    is $out, '', 'nothing on stdout';
    like $err, qr/^wubloader-worker[: ][^\n]*$like[^\n]*\n\z/, 'one sentence';
}


sub help {
    my ($status, $all, $err) = run('--help');
    is $status, 0, 'status';
    is $err, '', 'nothing on stderr';

    for my $command (qw(cut media migrate render)) {
        my ($one, $text) = run($command, '--help');
        is $one, 0, "$command: status";
        like $text, qr/^Usage: wubloader-worker $command /, 'usage';

        my @options = $text =~ /^  (--[a-z-]+)/mg;
        ok @options > 2, 'options';
        like $all, qr/^  \Q$_\E\b/m, "$_ is in the whole list" for @options;
        unlike $text, qr/^.{80}/m, 'no more than 79 columns';
    }

    like $all, qr/^  $_ +not in this version$/m, $_
        for qw(backfill coverage download);

    ($status, my $version) = run('--version');
    is $status, 0, 'version: status';
    like $version, qr/^wubloader-worker \d+\.\d+\.\d+\n\z/, 'version';
}


sub refused {
    usage(qr/needs a role or a command/);
    usage(qr/"bake" is neither a role nor a command/, 'bake');
    usage(qr/"" is neither/, '');
    usage(qr/The role $_ is not in this version/, $_)
        for qw(backfill coverage download);
    usage(qr/The role backfill is not/, 'backfill', '--config',
          '/nonexistent');

    usage(qr/does not know the option --bogus/, $_, '--bogus')
        for qw(cut media migrate render);
    usage(qr/The argument "now" is one too many/, 'cut', 'now');
    usage(qr/The argument "too" is one too many/, 'media', 'smart', 'too');
    usage(qr/The option --segments needs a value/, 'cut', '--segments');
    usage(qr/--jobs must be a whole number/, 'cut', '--jobs', 'many');
    usage(qr/--log-level must be/, 'cut', '--log-level', 'loud');

    usage(qr/--$_ must not be empty/, 'cut', "--$_", '')
        for qw(segments database name listen);
    usage(qr/name of this worker is longer/, 'cut', '--name', 'x' x 256);

    usage(qr/Nothing names the segment store/, 'cut');
    usage(qr/Nothing names the database/, 'cut', '--segments', $dir);
    usage(qr/Nothing names the database/, 'migrate');
    usage(qr/Nothing names the segment store/, 'render');
    usage(qr/Nothing names where to listen/, 'render', '--segments', $dir);
    usage(qr/--children must be a whole number/, 'render', '--children', 65);
    usage(qr/--listen must be unix:PATH/, 'render', '--segments', $dir,
          '--listen', $_)
        for qw(bogus 127.0.0.1:0 127.0.0.1:99999);
    usage(qr/--listen names a unix socket whose path is too long/, 'render',
          '--segments', $dir, '--listen', 'unix:/' . 'x' x 99);
    usage(qr/at least one upload location/, 'cut', '--segments', $dir,
          '--database', 'x');
    usage(qr/--listen unix:x\): metrics are not in this version/, 'cut',
          '--segments', $dir, '--database', 'x', '--listen', 'unix:x');
    usage(qr/--locations: here.type names a type of location that is not in/,
          'cut', '--locations', '{"here": {"type": "youtube"}}');
    usage(qr/--locations is not JSON/, 'cut', '--locations', '{');
}


sub configuration {
    my $file = "$dir/config.json";
    my @cut = ('cut', '--config', $file, '--database', 'x', '--segments',
               $dir);

    usage(qr/The configuration \Q$file\E cannot be read: .*No such file/,
          @cut);
    usage(qr/The configuration \Q$dir\E cannot be read/, 'cut', '--config',
          $dir);

    spew($file, '{"cut": {"locations": {"a": {"type": "local", "path": "/x",'
                . ' "colour": 1}}}}');
    usage(qr/\Q$file\E: cut.locations.a.colour is not a known key/, @cut);

    spew($file, '{"cut": {"listen": "unix:/run/x", "locations": {}}}');
    usage(qr/metrics are not in this version/, @cut);

    # all is well up to where it begins to work
    spew($file, qq({"cut": {"locations": {"a": {"type": "local",)
                . qq( "path": "$dir/none"}}}}));
    my ($status, $out, $err) = run(@cut);
    is $status, 1, 'a folder that is not there';
    like $err, qr/^time=\S+ level=error role=cut pid=\d+ [^\n]*\n\z/,
        'one line of log';
    like $err, qr/The location a cannot be used: the folder \Q$dir\E\/none/,
        'which says what';

    ($status, $out, $err) = run('cut', '--config', $file, '--database', 'x',
                                '--segments', "$dir/none");
    is $status, 1, 'a store that is not there';
    like $err, qr/the segment store cannot be used/, 'is an error too';

    ($status, $out, $err) = run('cut', '--config', 'conf/worker.json',
                                '--segments', "$dir/none");
    is $status, 1, 'the example is a good one: status';
    like $err, qr/the segment store cannot be used/, 'up to the store';
}


sub media {
    my $stream = Wub::Media->make("$dir/store", seconds => 6);
    my $at = sub {
        Wub::Media::text(sprintf '%.0f', ($stream->{start} + $_[0]) * 1e6) };
    my @store = ('--segments', "$dir/store", '--channel', 'chan');
    my @range = ('--range', $at->(0.5) . ',' . $at->(1.5));
    my $file = "$dir/cut.ts";
    my @output = ('--output', $file);

    usage(qr/needs a KIND/, 'media', @store, @range, @output);
    usage(qr/./, 'media', $_, @store, @range, @output)
        for qw(plan nonsense);
    usage(qr/"best" is not a kind of cut; there are rough, smart,/, 'media',
          'best', @store, @range, @output);
    usage(qr/--encode: There is no encoder setting 'colour' of mp4 cuts/,
          'media', 'mp4', @store, @range, @output, '--encode', 'colour=red');
    usage(qr/--encode: The encoder setting crf of webm cuts is '64'/,
          'media', 'webm', @store, @range, @output, '--encode', 'crf=64');
    usage(qr/--encode: The encoder setting bufsize needs maxrate/, 'media',
          'mpegts', @store, @range, @output, '--encode', 'bufsize=1M');
    usage(qr/--encode: Cuts of this type have no encoder settings/, 'media',
          'rough', @store, @range, @output, '--encode', 'crf=1');
    usage(qr/Nothing names the channel/, 'media', 'smart', '--segments', $dir,
          @range, @output);
    usage(qr/Nothing names where to write/, 'media', 'smart', @store, @range);
    usage(qr/needs a range/, 'media', 'smart', @store, @output);
    usage(qr/--range must be START,END/, 'media', 'smart', @store, @output,
          '--range', $_) for 'x', 'now,then', $at->(1), $at->(2) . ','
              . $at->(1), $at->(1) . ',' . $at->(1), $at->(1) . ',';
    usage(qr/as many transitions as ranges/, 'media', 'smart', @store, @range,
          @output, '--transition', '');
    usage(qr/--transition must be/, 'media', 'smart', @store, @range, @range,
          @output, '--transition', 'fade');
    ok !-e $file, 'nothing is written';

    my ($status, $out, $err) = run('media', 'smart', @store, @range, '--range',
        $at->(3) . ',' . $at->(4), '--transition', '', @output);
    is $status, 0, 'two ranges: status';
    is $out, '', 'nothing on stdout';
    is_deeply(Wub::Media->read($file)->{numbers}, [15 .. 44, 90 .. 119],
              'the frames asked for');

    ($status, $out, $err) = run('media', 'smart', @store, @range, '--output',
                                '-');
    is $status, 0, 'to stdout: status';
    spew("$dir/out.ts", $out);
    is_deeply(Wub::Media->read("$dir/out.ts")->{numbers}, [15 .. 44],
              'the frames asked for');

    ($status, $out, $err) = run('media', 'smart', @store, @output, '--range',
                                $at->(5) . ',' . $at->(8));
    is $status, 1, 'a hole: status';
    like $err, qr/^wubloader-worker: [^\n]*hole[^\n]*\n\z/, 'one sentence';

    ($status, $out, $err) = run('media', 'smart', @store, '--quality', 'best',
                                @range, @output);
    is $status, 1, 'no such quality: status';
    like $err, qr/^wubloader-worker: [^\n]*best[^\n]*\n\z/, 'one sentence';

    is_deeply [grep { /temp/ } glob "$dir/*"], [], 'no temp file is left';
}
