package Wub::Browser;

# Headless Chromium and the other judges that come from npm, for a test
# that cannot go on without them.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use IPC::Open2 qw(open2);
use JSON::PP qw(decode_json encode_json);
use Test::More ();

our @EXPORT_OK = qw(give_up);

my $JUDGE = abs_path('t/judge');


# says why nothing further can be tried, and ends the test
sub give_up {
    my ($why) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    Test::More::fail($why);
    Test::More::done_testing();
    exit 1;
}


# the judges, installed; more programs that the test needs may be named
sub new {
    my ($class, @programs) = @_;

    for my $program (qw(ffmpeg node npm chromium), @programs) {
        give_up("$program is not installed: run `make deps`")
            if !grep { -x "$_/$program" } split /:/, $ENV{PATH};
    }

    system("$JUDGE/install.sh", 'build/judge') == 0
        or give_up('the judges are not installed');

    return bless { modules => abs_path('build/judge/node_modules') }, $class;
}


# where the modules of npm and our own scripts for them are
sub modules { return $_[0]{modules} }
sub script  { return "$JUDGE/$_[1]" }


# locations of the page that plays
sub locations {
    my ($self) = @_;

    return <<"END";
        location = /hls.js { alias $self->{modules}/hls.js/dist/hls.min.js; }
        location = /player.html {
            default_type text/html;
            alias $JUDGE/player.html;
        }
END
}


# what the player tells of a path below a base, and the status of its
# program; it plays near the positions (seconds), and then to the end
sub play {
    my ($self, $base, $path, @positions) = @_;

    open my $out, '-|', 'node', "$JUDGE/play.js", 'chromium',
        "$base/player.html", "$base$path", @positions or die "node: $!\n";

    my ($line) = grep { /^\{/ } <$out>;

    close $out;

    my $status = $?;

    return ($line ? decode_json($line) : {}, $status);
}


# What the fetch() of a page gets: a list of hashes, as fetch.js has them;
# each request is [url, options].
sub fetch {
    my ($self, $page, @requests) = @_;

    my $pid = open2(my $out, my $in, 'node', "$JUDGE/fetch.js", 'chromium',
                    $page);

    print {$in} encode_json(\@requests);
    close $in;

    my ($line) = grep { /^\[/ } <$out>;

    waitpid $pid, 0;

    return $line ? @{ decode_json($line) } : ();
}


1;
