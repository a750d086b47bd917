package Wub::Api;

# A database for the editor's API: a private Postgres with the schema as the
# worker's "migrate" makes it, rows to begin with, and what nginx needs to
# find it.
#
#   my $api = Wub::Api->new;
#   $api->insert('events', id => 'a', sheet_name => '1', tags => ['x', 'y']);
#   my $row = $api->row('a');                   # { id => 'a', ... }
#   my $config = $api->location;                # for Wub::Nginx, Test::Nginx

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use JSON::PP ();

use Wub::Postgres;


# database: its name ("wub")
# any other: those of Wub::Postgres->new
sub new {
    my ($class, %opt) = @_;

    my $self = bless {
        database => delete $opt{database} // 'wub',
    }, $class;

    $self->{pg} = Wub::Postgres->new(%opt);
    $self->migrate;

    return $self;
}


sub pg       { return $_[0]{pg} }
sub database { return $_[0]{database} }
sub conninfo { return $_[0]{pg}->conninfo($_[0]{database}) }


sub migrate {
    my ($self) = @_;

    my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
    -x $worker or croak "$worker is not there: run `make` first\n";

    my $log = File::Temp->new;
    my $pid = fork // croak "fork: $!\n";

    if (!$pid) {
        delete @ENV{grep /^PG/, keys %ENV};
        open STDOUT, '>', "$log";
        open STDERR, '>&', \*STDOUT;
        exec { $worker } $worker, 'migrate', '--database', $self->conninfo
            or POSIX::_exit(127);
    }

    waitpid $pid, 0;
    croak "migrate failed: ", Wub::Postgres::_slurp("$log") if $? != 0;

    return $self;
}


# the directive; further arguments are words of it: 'connections=2'
sub directive {
    my ($self, @more) = @_;

    return sprintf 'wubloader_database "%s"%s;', $self->conninfo,
        join '', map { " $_" } @more;
}


# a location of the API without authentication
#   path: /thrimshim    words: of the directive    config: more of it
sub location {
    my ($self, %opt) = @_;

    my $path = $opt{path} // '/thrimshim';
    my $directive = $self->directive(@{ $opt{words} // [] });
    my $config = $opt{config} // 'wubloader_auth off;';

    return <<"END";
        location $path {
            wubloader thrimshim;
            $directive
            $config
        }
END
}


# A value as SQL has it: undef is null, a reference to text is SQL itself,
# a list is an array of texts.
sub literal {
    my ($value) = @_;

    return 'NULL' if !defined $value;
    return $$value if ref $value eq 'SCALAR';
    return 'ARRAY[' . join(', ', map { literal($_) } @$value) . ']::text[]'
        if ref $value eq 'ARRAY';

    $value =~ s/'/''/g;
    return "'$value'";
}


# rows of any SQL, as Wub::Postgres has them
sub sql {
    my ($self, $sql) = @_;

    return $self->{pg}->psql($self->{database}, $sql);
}


sub value {
    my ($self, $sql) = @_;

    return $self->{pg}->value($self->{database}, $sql);
}


sub insert {
    my ($self, $table, @pairs) = @_;

    my (@names, @values);

    while (@pairs) {
        push @names, '"' . shift(@pairs) . '"';
        push @values, literal(shift @pairs);
    }

    $self->sql(sprintf 'INSERT INTO %s (%s) VALUES (%s)', $table,
        join(', ', @names), join(', ', @values));
    return;
}


# an event as sheet sync leaves it
sub event {
    my ($self, $id, %set) = @_;

    my %row = (
        id          => $id,
        sheet_name  => '1',
        event_start => '2024-02-29T23:00:00',
        event_end   => \"ROW(false, '2024-02-29T23:10:00')::end_time",
        category    => 'Games',
        description => "what happened in $id",
        %set,
    );

    $self->insert('events', map { $_ => $row{$_} } sort keys %row);
    return;
}


# all columns of an event, by name, as row_to_json has them; undef: none
sub row {
    my ($self, $id) = @_;

    my $text = $self->value(sprintf
        'SELECT row_to_json(e) FROM events e WHERE id = %s', literal($id));

    # psql's bytes are UTF-8
    return defined $text ? JSON::PP->new->utf8->decode($text) : undef;
}


# server-side connections of nginx
sub connections {
    my ($self, $where) = @_;

    return $self->{pg}->value('postgres', 'SELECT count(*) FROM '
        . q(pg_stat_activity WHERE application_name = 'wubloader-nginx')
        . (defined $where ? " AND $where" : ''));
}


1;
