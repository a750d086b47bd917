package Wub::Store;

# Makes segment stores for tests: true names (CONTRACT.md 1), true hashes.
# A store is a tree in memory (path => bytes); it becomes --- user_files of
# a block, or files on disk.
#
#   my $store = Wub::Store->new;
#   my $name = $store->segment('chan', 'source', '2024-02-29T23:59:58.5', 2);
#   $store->segment('chan', 'source', $t, 2, 'partial', size => 100);
#   $store->tombstone('chan', 'source', '2024-02-29T23', $name);
#   --- user_files eval:  $::store->user_files('store')
#   or $store->write($folder)

use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Path qw(make_path);
use MIME::Base64 qw(encode_base64url);
use Time::Local qw(timegm);

use Wub::Nginx;


sub new {
    my ($class) = @_;

    return bless { files => {}, count => 0 }, $class;
}


# segment_time("2024-02-29T23:59:58.5"): (hour directory, "59:58.500000")
sub segment_time {
    my ($time) = @_;

    $time =~ /^(\d{4}-\d\d-\d\dT\d\d):(\d\d:\d\d)(?:\.(\d{1,6}))?Z?$/
        or die "'$time' is no time of a segment\n";

    return ($1, sprintf '%s.%s', $2, substr(($3 || '') . '000000', 0, 6));
}


# add_us("2024-02-29T23:59:58.5", 2_000_000): that time, later
sub add_us {
    my ($time, $us) = @_;

    my ($hour, $rest) = segment_time($time);
    my ($y, $mon, $d, $h) = $hour =~ /(\d+)-(\d+)-(\d+)T(\d+)/;
    my ($m, $s, $f) = $rest =~ /(\d+):(\d+)\.(\d+)/;

    my $total = timegm($s, $m, $h, $d, $mon - 1, $y) * 1_000_000 + $f + $us;
    my @t = gmtime(int($total / 1_000_000));

    return sprintf '%04d-%02d-%02dT%02d:%02d:%02d.%06d', $t[5] + 1900,
        $t[4] + 1, @t[3, 2, 1, 0], $total % 1_000_000;
}


sub hash {
    my ($bytes) = @_;

    return encode_base64url(sha256($bytes));
}


# Adds a segment and returns its name.  $duration is text and goes into the
# name as it is; 2 is written "2.0", as the downloader does.  $type is full,
# suspect, partial or temp.  %opt: bytes (made up), or size of the made up
# bytes (188), hash (true), hour (the directory, that of $time), name (all
# of it).  Made up bytes differ from segment to segment.
sub segment {
    my ($self, $channel, $quality, $time, $duration, $type, %opt) = @_;

    my ($hour, $start) = segment_time($time);
    my $bytes = defined $opt{bytes} ? $opt{bytes}
                                    : $self->_bytes($opt{size});

    $type ||= 'full';
    $duration = "$duration.0" if $duration =~ /^\d+$/;

    my $hash = defined $opt{hash} ? $opt{hash}
        : $type eq 'temp' ? sprintf('00000000-0000-4000-8000-%012d',
                                    $self->{count})
        : hash($bytes);
    my $name = $opt{name} || "$start-$duration-$type-$hash.ts";

    $hour = $opt{hour} || $hour;
    $self->file("$channel/$quality/$hour/$name", $bytes);
    return $name;
}


sub _bytes {
    my ($self, $size) = @_;

    $size = 188 if !defined $size;

    my $text = sprintf "segment %d\n", ++$self->{count};
    return substr($text x (1 + $size / length $text), 0, $size);
}


# $count segments of $duration seconds, one after the other: their names
sub run {
    my ($self, $channel, $quality, $time, $duration, $count, %opt) = @_;

    my $step = int($duration * 1_000_000 + 0.5);

    return map {
        $self->segment($channel, $quality, add_us($time, $_ * $step),
                       $duration, 'full', %opt)
    } 0 .. $count - 1;
}


# the empty file that hides NAME (with or without its ending): its name
sub tombstone {
    my ($self, $channel, $quality, $hour, $name) = @_;

    $name =~ s/\.(?:ts|json)$//;
    $self->file("$channel/$quality/$hour/$name.tombstone", '');
    return "$name.tombstone";
}


# a batch of chat: its name
sub chat {
    my ($self, $channel, $hour, $start, $bytes) = @_;

    my $name = "$start-" . hash($bytes) . '.json';

    $self->file("$channel/chat/$hour/$name", $bytes);
    return $name;
}


sub file {
    my ($self, $path, $bytes) = @_;

    $self->{files}{$path} = defined $bytes ? $bytes : '';
    return;
}


sub remove {
    my ($self, $path) = @_;

    delete $self->{files}{$path};
    return;
}


# all paths, or those below a folder, sorted bytewise
sub paths {
    my ($self, $below) = @_;

    my @paths = sort keys %{ $self->{files} };

    return @paths if !defined $below;
    return grep { index($_, "$below/") == 0 } @paths;
}


# names in a folder, sorted bytewise
sub names {
    my ($self, $folder) = @_;

    my %names = map { substr($_, 1 + length $folder) =~ m{^([^/]+)} ? ($1, 1)
                                                                   : () }
                $self->paths($folder);
    return sort keys %names;
}


sub bytes {
    my ($self, $path) = @_;

    return $self->{files}{$path};
}


# the tree as an array for --- user_files, below $prefix; mtimes as touch -t
# takes them may be given by path
sub user_files {
    my ($self, $prefix, %mtime) = @_;

    $prefix = defined $prefix && length $prefix ? "$prefix/" : '';

    return [ map { [ "$prefix$_", $self->{files}{$_}, $mtime{$_} ] }
             $self->paths ];
}


# Writes the tree below $folder; without one, below a folder that is gone
# when the test ends.  Returns the folder.
sub write {
    my ($self, $folder) = @_;

    $folder ||= Wub::Nginx::temp_dir('store');

    for my $path ($self->paths) {
        my $full = "$folder/$path";

        make_path($full =~ m{^(.*)/}s);

        open my $out, '>:raw', $full or die "$full: $!\n";
        print $out $self->{files}{$path};
        close $out or die "$full: $!\n";
    }

    return $folder;
}


1;
