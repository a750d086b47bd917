package Wub::Tokens;

# Keys as issuers have them, made by the command openssl, and tokens signed
# with them, good ones and others.
#
#   my $tokens = Wub::Tokens->new;
#   $tokens->rsa('a');                              # a key named "a"
#   my $json = $tokens->set('a');                   # for wubloader_auth_keys
#   my $token = $tokens->token('a', claims => { aud => 'other' });

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use IPC::Open3 qw(open3);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

use Wub::Nginx;

our @EXPORT_OK = qw(token_post);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;


sub new {
    my ($class) = @_;

    return bless { dir => Wub::Nginx::temp_dir('keys'), keys => {} }, $class;
}


sub rsa {
    my ($self, $name, $bits) = @_;

    return $self->_make($name, 'RSA', '-algorithm', 'RSA', '-pkeyopt',
                        'rsa_keygen_bits:' . ($bits || 2048));
}


sub ec {
    my ($self, $name, $curve) = @_;

    return $self->_make($name, 'EC', '-algorithm', 'EC', '-pkeyopt',
                        'ec_paramgen_curve:' . ($curve || 'P-256'));
}


sub _make {
    my ($self, $name, $type, @args) = @_;

    my $path = "$self->{dir}/$name.pem";

    _run('', 'genpkey', '-out', $path, @args);
    $self->{keys}{$name} = { path => $path, type => $type };

    return $self;
}


# the public key in PEM
sub public {
    my ($self, $name) = @_;

    return _run('', 'pkey', '-in', $self->{keys}{$name}{path}, '-pubout');
}


# One key as a hash of a JSON Web Key.
sub jwk {
    my ($self, $name) = @_;

    my $key = $self->{keys}{$name};
    my %jwk = (kty => $key->{type}, kid => $name, use => 'sig');

    if ($key->{type} eq 'RSA') {
        my $text = _run('', 'rsa', '-in', $key->{path}, '-noout',
                        '-modulus');
        my ($hex) = $text =~ /^Modulus=([0-9A-F]+)$/m
            or die "openssl names no modulus: $text\n";

        return { %jwk, alg => 'RS256', e => 'AQAB',
                 n => encode_base64url(pack 'H*', $hex) };
    }

    my $der = _run('', 'pkey', '-in', $key->{path}, '-pubout', '-outform',
                   'DER');
    my $half = length $der > 100 ? 48 : 32;

    return { %jwk, alg => 'ES256', crv => 'P-' . 8 * $half,
             x => encode_base64url(substr $der, -2 * $half, $half),
             y => encode_base64url(substr $der, -$half) };
}


# a JSON Web Key Set of keys: names or hashes
sub set {
    my ($self, @keys) = @_;

    return $json->encode({ keys =>
        [ map { ref $_ ? $_ : $self->jwk($_) } @keys ] });
}


# A token signed by a key.  %opt: header, claims: what differs from a good
# one, undef takes away; header_text, claims_text: JSON in their place; by:
# the key's name, "hmac:SECRET", "none", or code that gets the signed text.
sub token {
    my ($self, $name, %opt) = @_;

    my $type = $self->{keys}{$name}{type};
    my $header = $opt{header_text} // $json->encode(_with({
        alg => $type eq 'RSA' ? 'RS256' : 'ES256', kid => $name, typ => 'JWT',
    }, $opt{header}));
    my $claims = $opt{claims_text} // $json->encode(_with({
        iss => 'https://accounts.google.com', aud => 'client', sub => '1',
        exp => time + 3600, iat => time - 10, email => 'ann@example.com',
        email_verified => JSON::PP::true,
    }, $opt{claims}));
    my $text = join '.', map { encode_base64url($_) } $header, $claims;
    my $by = $opt{by} // $name;
    my $signature = ref $by            ? $by->($text)
                  : $by eq 'none'      ? ''
                  : $by =~ /^hmac:(.*)/s ? hmac_sha256($text, $1)
                                       : $self->sign($by, $text);

    return "$text." . encode_base64url($signature);
}


sub _with {
    my ($all, $set) = @_;

    my %all = (%$all, %{ $set || {} });

    defined $all{$_} or delete $all{$_} for keys %all;
    return \%all;
}


# as a token has it; der: as openssl has it
sub sign {
    my ($self, $name, $text, $der) = @_;

    my $key = $self->{keys}{$name};
    my $signature = _run($text, 'dgst', '-sha256', '-sign', $key->{path},
                         '-binary');

    return $signature if $der || $key->{type} eq 'RSA';

    # SEQUENCE of two INTEGERs
    my ($r, $s) = unpack 'x2 x C/a x C/a', $signature;

    return join '', map { substr(("\0" x 32) . $_, -32) } $r, $s;
}


# what comes out of openssl
sub _run {
    my ($in, @args) = @_;

    # openssl paints its progress

    open my $null, '>', '/dev/null' or die "/dev/null: $!\n";

    my $pid = open3(my $to, my $from, '>&' . fileno $null, 'openssl', @args);

    binmode $_ for $from, $to;
    print {$to} $in;
    close $to;

    my $out = do { local $/; <$from> };

    waitpid $pid, 0;
    die "openssl @args: status $?\n" if $?;

    return $out;
}


# The request of a POST with a token in its body, in the form of a block's
# section.  token undef: none; more: members of the body.
sub token_post {
    my ($path, $token, %more) = @_;

    my %body = (%more, defined $token ? (token => $token) : ());

    return "POST $path\n" . $json->encode(\%body);
}


1;
