package Wub::RenderBench;

# What pictures and previews cost, through nginx and the role render.
#
#   my $render = Wub::RenderBench->new(bench => $wub_bench, dir => $folder,
#       worker => 'build/wubloader-worker', rounds => 2);
#   $render->frame;
#
# The first frame of a video is there with the bytes that let ffmpeg decode
# one: what came, and when, is noted, and looked at when all is measured.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Path qw(make_path);
use IO::Socket::INET;
use IO::Socket::UNIX;
use List::Util qw(max min);
use MIME::Base64 qw(encode_base64url);
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);

use Wub::Bench;
use Wub::Media;
use Wub::Nginx;

use constant {
    EPOCH    => 1_700_000_000 - 1_700_000_000 % 3600,
    LENGTH   => 20,         # seconds of footage that is made
    GOP      => 2,          # and of a segment
    HOURS    => 6,
    FRAMES   => 200,        # of which the latency is measured
    PEERS    => 20,
    WAVE     => 2,          # seconds of CPU
    EARLY    => 1 << 22,    # bytes in which the first frame is
};

# footage: size, frames a second, and milliseconds to the first frame
my %footage = (
    '720p30'  => [ '1280x720', 30, 200 ],
    '1080p60' => [ '1920x1080', 60, 1000 ],
);


sub new {
    my ($class, %opt) = @_;

    return bless { store => "$opt{dir}/rendered", %opt }, $class;
}


# ---- rows

sub frame {
    my ($self) = @_;

    $self->server;

    for my $name (sort { $b cmp $a } keys %footage) {
        my @at = map { 0.5 + rand LENGTH - 1 } 1 .. FRAMES;
        my $path = sub { "/frame/$name/source.png?timestamp=" . iso($_[0]) };

        $self->get($path->($_)) for @at[0 .. 3];

        my @ours = map { 1000 * $self->get($path->($_))->{seconds} } @at;
        my @peer = map { $self->ffmpeg_frame($name, $_) } @at[1 .. PEERS];

        for my $p (50, 99) {
            my @both = map { Wub::Bench::percentile($p, @$_) } \@ours, \@peer;

            $self->{bench}->row("frame of $name, p$p", 'ffmpeg -ss',
                map({ sprintf '%.0f ms', $_ } @both),
                sprintf('%.2fx', $both[0] / $both[1]), '-', '');
        }
    }
}


sub ffmpeg_frame {
    my ($self, $name, $at) = @_;

    my $n = int $at / GOP;
    my $start = time;

    system(qw(ffmpeg -nostdin -v error -y -ss), $at - GOP * $n, '-i',
           $self->{files}{$name}[$n], qw(-frames:v 1 -f image2 -update 1),
           "$self->{dir}/peer.png");

    return 1000 * (time - $start);
}


sub waveform {
    my ($self) = @_;

    $self->server;
    $self->hours;

    my $path = '/waveform/hours/source.png?size=1920x125&start=' . iso(0)
        . '&end=' . iso(3600 * HOURS);

    $self->get($path);

    my $cpu = $self->children;
    my $got = $self->get($path);

    $cpu = $self->children - $cpu;

    $self->{bench}->row_limit('waveform of ' . HOURS . ' h, CPU', $cpu, WAVE,
                              '%.2f s');
    $self->{bench}->row('the same, until it is there', '-',
        sprintf('%.2f s', $got->{seconds}), '-', '-', '-', '');
}


sub first {
    my ($self) = @_;

    $self->server;

    for my $name (sort { $b cmp $a } keys %footage) {
        my $cut = "/cut/$name/source.ts?range=" . iso(2.7) . ',' . iso(17.3);

        $self->first_row("smart cut of $name", "$cut&type=smart",
                         $footage{$name}[2]);
    }

    my $join = '/cut/720p30/source.ts?range=' . iso(2.7) . ',' . iso(7.7)
        . '&range=' . iso(10.2) . ',' . iso(15.2) . '&transition=fade,1';

    for my $type (qw(smart mp4 webm)) {
        $self->first_row("preview of a transition, $type",
                         "$join&type=$type", $footage{'720p30'}[2]);
    }
}


sub first_row {
    my ($self, $what, $path, $limit) = @_;

    my @ms;

    $self->get($path);
    push @ms, $self->first_frame($path) for 0 .. $self->{rounds};

    $self->{bench}->row_limit("$what, first frame", min(@ms), $limit,
                              '%.0f ms');
}


sub first_frame {
    my ($self, $path) = @_;

    my $got = $self->get($path);
    my ($low, $high) = (0, $#{$got->{came}});

    while ($low < $high) {
        my $middle = int(($low + $high) / 2);

        if ($self->decodes($got, $got->{came}[$middle][1])) {
            $high = $middle;

        } else {
            $low = $middle + 1;
        }
    }

    return 1000 * $got->{came}[$low][0];
}


sub decodes {
    my ($self, $got, $bytes) = @_;

    my $file = "$self->{dir}/first";

    Wub::Media::spew($file, substr $got->{body}, 0, $bytes);

    return Wub::Bench::output('sh', '-c',
        'ffprobe -v quiet -select_streams v -show_entries frame=pts '
        . "-read_intervals %+#1 -of csv=p=0 $file || true") =~ /\d/;
}


# ---- the servers

sub server {
    my ($self) = @_;

    return if $self->{nginx};

    $self->footage($_) for keys %footage;

    my $socket = Wub::Nginx::temp_dir('render') . '/render.sock';

    $self->{renderer} = fork // die "fork: $!\n";

    if ($self->{renderer} == 0) {
        exec $self->{worker}, 'render', '--segments', $self->{store},
            '--listen', "unix:$socket", '--log-level', 'error'
            or POSIX::_exit(127);
    }

    for (1 .. 200) {
        last if IO::Socket::UNIX->new(Peer => $socket);
        sleep 0.05;
    }

    my $locations = join '', map { "location /$_ { wubloader $_; }\n" }
        qw(cut frame waveform thumbnail);

    $self->{nginx} = Wub::Nginx->new(workers => 2, config => <<"CONF");
wubloader_root $self->{store};
wubloader_render \@render;
$locations
location \@render {
    proxy_pass http://unix:$socket;
    proxy_http_version 1.1;
    proxy_buffering off;
}
CONF
    $self->{nginx}->start;
}


sub DESTROY {
    my ($self) = @_;

    return if !$self->{renderer};

    kill 'TERM', $self->{renderer};
    waitpid $self->{renderer}, 0;
}


# One request on a connection of its own: seconds, the body, and when of it
# came what: [ seconds, bytes by then ].  Chunks are taken apart afterwards.
sub get {
    my ($self, $path) = @_;

    my $start = time;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{nginx}->port) or die "connect: $@\n";
    my ($raw, @came) = ('');

    $socket->syswrite("GET $path HTTP/1.1\r\nHost: localhost\r\n"
        . "Connection: close\r\n\r\n") or die "$path: $!\n";

    push @came, [ time - $start, length $raw ]
        while sysread $socket, $raw, 1 << 16, length $raw;

    my $seconds = time - $start;

    $raw =~ m{^HTTP/1\.1 200 .*?\r\n\r\n}s or die "$path: $raw\n";

    my $head = $+[0];
    my $plain = $raw =~ m{^transfer-encoding: chunked}im ? \&dechunk
        : sub { return $_[0] };

    # where in the body each byte lies of what came early

    return { seconds => $seconds, body => $plain->(substr $raw, $head),
             came => [ map { [ $_->[0], length $plain->(substr $raw, $head,
                                 max(0, $_->[1] - $head)) ] }
                       grep { $_->[1] < EARLY } @came ] };
}


sub dechunk {
    my ($raw) = @_;

    my ($body, $at) = ('', 0);

    while (substr($raw, $at, 20) =~ /^([0-9a-fA-F]+)\r\n/) {
        $body .= substr $raw, $at + $+[0], hex $1;
        $at += $+[0] + 2 + hex $1;
        last if $at > length $raw;
    }

    return $body;
}


# seconds of CPU of the renderer and of all children that it has reaped
sub children {
    my ($self) = @_;

    sleep 0.2;

    my $stat = Wub::Nginx::slurp("/proc/$self->{renderer}/stat");
    my @field = split ' ', $stat =~ s/^.*\) //r;

    return ($field[11] + $field[12] + $field[13] + $field[14])
        / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}


# ---- footage

sub footage {
    my ($self, $name) = @_;

    my ($size, $rate) = @{$footage{$name}};
    my $gop = GOP * $rate;

    system('ffmpeg', '-nostdin', '-v', 'error', '-f', 'lavfi', '-i',
        "testsrc2=size=$size:rate=$rate", '-f', 'lavfi', '-i',
        'sine=frequency=440:sample_rate=48000', '-t', LENGTH, '-c:v',
        'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', $gop,
        '-keyint_min', $gop, '-sc_threshold', '0', '-x264-params',
        'open-gop=0', '-b:v', '6M', '-pix_fmt', 'yuv420p', '-c:a', 'aac',
        '-f', 'segment', '-segment_time', GOP, '-segment_format', 'mpegts',
        "$self->{dir}/$name%03d.ts") == 0 or die "ffmpeg failed\n";

    $self->{files}{$name} = $self->links($name,
                                         [ glob "$self->{dir}/$name*.ts" ],
                                         LENGTH / GOP);
}


sub hours {
    my ($self) = @_;

    $self->{files}{hours} //= $self->links('hours', $self->{files}{'720p30'},
                                           3600 * HOURS / GOP);
}


# segments of a channel, one after the other, of the files in turn
sub links {
    my ($self, $channel, $files, $count) = @_;

    my @segments;

    for my $i (0 .. $count - 1) {
        my $at = EPOCH + GOP * $i;
        my $path = "$self->{store}/$channel/source/"
            . strftime('%Y-%m-%dT%H', gmtime $at);

        make_path($path);
        push @segments, sprintf '%s/%s.000000-2.0-full-%s.ts', $path,
            strftime('%M:%S', gmtime $at),
            encode_base64url(sha256("$channel $i"));
        link $files->[$i % @$files], $segments[-1] or die "link: $!\n";
    }

    return \@segments;
}


sub iso {
    my ($at) = @_;

    return strftime('%Y-%m-%dT%H:%M:%S', gmtime EPOCH + int $at)
        . sprintf '.%06d', ($at - int $at) * 1e6;
}


1;
