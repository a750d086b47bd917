# The editor's API: templates of the database and of a directory.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Api;
use Wub::Checks;
use Wub::Nginx;

our $api = Wub::Api->new;
our $head = "\x89PNG\r\n\x1a\n";
our $large = $head . join '', map { chr rand 256 } 1 .. 300_000;
our $dir = Wub::Nginx::temp_dir('templates');
our $bad = Wub::Nginx::temp_dir('templates');
our $outside = Wub::Nginx::temp_dir('outside');

sub file {
    my ($path, $bytes) = @_;

    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $bytes;
    close $out or die "$path: $!\n";
}

sub template {
    my ($name, $crop, $more) = @_;

    return "{\"name\": \"$name\", \"description\": \"\", \"attribution\": "
        . "\"\", \"crop\": [$crop], \"location\": [5, 6, 7, 8]"
        . ($more // '') . '}';
}

our $boxes = '"crop": [1, 2, 3, 4], "location": [5, 6, 7, 8]';

for my $name ('zeta', 'both', "\xc3\xa9 \"x\"", 'B') {
    file("$dir/$name.png", "$head$name");
    file("$dir/$name.json", "{$boxes}");
}

file("$dir/all.png", $large);
file("$dir/all.json", <<'END');
{"crop": [-1, 0, 1e3, 4.0], "location": [0, 0, 2147483647, -2147483648],
 "description": "d \"q\" é", "attribution": "by é", "more": [{}]}
END
file("$dir/readme.txt", 'x');
file("$dir/alone.json", "{$boxes}");
file("$dir/.hidden.png", $head);
file("$dir/.hidden.json", "{$boxes}");

# each of these has something that is wrong
my %bad = (
    'no-json' => undef, broken => '{', list => '[]', empty => '',
    'no-crop' => '{"location": [1, 2, 3, 4]}',
    three => '{"crop": [1, 2, 3], "location": [1, 2, 3, 4]}',
    fraction => '{"crop": [1, 2, 3, 4.5], "location": [1, 2, 3, 4]}',
    big => '{"crop": [1, 2, 3, 2147483648], "location": [1, 2, 3, 4]}',
    text => '{"crop": ["1", 2, 3, 4], "location": [1, 2, 3, 4]}',
    null => "{$boxes, \"description\": 1}", twice => "{$boxes, $boxes}",
    long => "{$boxes, \"x\": \"" . 'x' x 65536 . '"}', "new\nline" => '',
    "b\xff" => "{$boxes}",
);

for my $name (keys %bad) {
    file("$bad/$name.png", $head);
    file("$bad/$name.json", $bad{$name}) if defined $bad{$name};
}

file("$bad/good.png", $head);
file("$bad/good.json", "{$boxes, \"description\": null}");
file("$bad/gif.png", 'GIF89a');
file("$bad/gif.json", "{$boxes}");
file("$bad/short.png", substr $head, 0, 7);
file("$bad/short.json", "{$boxes}");
mkdir "$bad/folder.png";
file("$bad/folder.json", "{$boxes}");
file("$outside/secret.png", $head);
symlink "$outside/secret.png", "$bad/link.png";
file("$bad/link.json", "{$boxes}");
symlink 'good.png', "$bad/inside.png";
symlink 'good.json', "$bad/inside.json";
symlink 'loop.png', "$bad/loop.png";
file("$bad/huge.png", $head);
truncate "$bad/huge.png", 20 * 1024 * 1024 + 1;
file("$bad/huge.json", "{$boxes}");

$api->sql(sprintf <<'END', unpack('H*', $large));
INSERT INTO templates VALUES
    ('both', '\x89504e470d0a1a0a00', 'of the database', '', '{9,9,9,9}',
     '{5,6,7,8}'),
    ('a/b', '\x', '', '', '{9,9,9,9}', '{5,6,7,8}'),
    ('large', '\x%s', 'q"', 'by é', '{9,9,9,9}', '{5,6,7,8}');
END

our $database = Wub::Api->new(database => 'other');
our $all = '{"name": "all", "description": "d \"q\" \u00e9", "attribution":
    "by \u00e9", "crop": [-1, 0, 1000, 4],
    "location": [0, 0, 2147483647, -2147483648]}';

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config',
        $api->location(config => "wubloader_templates $dir/;")
        . $api->location(path => '/database', config => '')
        . $database->location(path => '/empty', config => '')
        . <<"END") if !defined $block->config;
        location /dir { wubloader thrimshim; wubloader_templates $dir; }
        location /bad { wubloader thrimshim; wubloader_templates $bad; }
        location /gone { wubloader thrimshim; wubloader_templates $dir/gone; }
        location /file {
            wubloader thrimshim;
            wubloader_templates $dir/zeta.png;
        }
        location /none { wubloader thrimshim; }
END
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: of both, by name, those of the database first in line
--- request
GET /thrimshim/templates
--- response_headers
Content-Type: application/json
Cache-Control: no-cache
Vary: Accept-Encoding
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body_json eval
'[' . CORE::join(', ', main::template('B', '1, 2, 3, 4'),
    main::template('a/b', '9, 9, 9, 9'), $::all,
    main::template('both', '9, 9, 9, 9', ', "description": "of the database"')
        =~ s/"description": "", //r,
    main::template('large', '9, 9, 9, 9',
        ', "description": "q\"", "attribution": "by é"')
        =~ s/"description": "", "attribution": "", //r,
    main::template('zeta', '1, 2, 3, 4'),
    main::template('\u00e9 \"x\"', '1, 2, 3, 4')) . ']'



=== TEST 2: of the database
--- request eval
["GET /database/templates", "GET /empty/templates"]
--- response_body_json eval
['[' . CORE::join(', ', main::template('a/b', '9, 9, 9, 9'),
    main::template('both', '9, 9, 9, 9', ', "description": "of the database"')
        =~ s/"description": "", //r,
    main::template('large', '9, 9, 9, 9',
        ', "description": "q\"", "attribution": "by é"')
        =~ s/"description": "", "attribution": "", //r) . ']', '[]']



=== TEST 3: of a directory, without a database
--- request
GET /dir/templates
--- response_body_json eval
'[' . CORE::join(', ', main::template('B', '1, 2, 3, 4'), $::all,
    main::template('both', '1, 2, 3, 4'),
    main::template('zeta', '1, 2, 3, 4'),
    main::template('\u00e9 \"x\"', '1, 2, 3, 4')) . ']'



=== TEST 4: what is told of one
--- request eval
["GET /thrimshim/template-metadata/both", "GET /dir/template-metadata/both",
 "GET /thrimshim/template-metadata/all", "GET /dir/template-metadata/all",
 "GET /thrimshim/template-metadata/a/b",
 "GET /thrimshim/template-metadata/%C3%A9%20%22x%22"]
--- response_body_json eval
[main::template('both', '9, 9, 9, 9', ', "description": "of the database"')
     =~ s/"description": "", //r,
 main::template('both', '1, 2, 3, 4'), $::all, $::all,
 main::template('a/b', '9, 9, 9, 9'),
 main::template('\u00e9 \"x\"', '1, 2, 3, 4')]



=== TEST 5: images
--- request eval
["GET /thrimshim/template/large.png", "GET /thrimshim/template/both.png",
 "GET /dir/template/both.png", "GET /thrimshim/template/all.png",
 "GET /dir/template/%C3%A9%20%22x%22.png", "GET /thrimshim/template/a/b.png"]
--- response_body eval
[$::large, "$::head\0", "${main::head}both", $::large,
 "$::head\xc3\xa9 \"x\"", ""]



=== TEST 6: the image of a directory is not compressed, and has a length
--- request
GET /dir/template/all.png
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Type: image/png
Content-Length: 300008
!Content-Encoding
Cache-Control: no-cache
Access-Control-Allow-Origin: *
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
$::large



=== TEST 7: the client has it
--- request eval
["GET /dir/template/all.png", "HEAD /thrimshim/template/large.png",
 "GET /thrimshim/templates", "GET /dir/template-metadata/all"]
--- more_headers
If-None-Match: *
--- error_code eval
[304, 304, 304, 304]
--- response_body eval
["", "", "", ""]



=== TEST 8: no such template
--- request eval
["GET /thrimshim/template/x.png", "GET /dir/template/x.png",
 "GET /database/template/x.png", "GET /thrimshim/template-metadata/x",
 "GET /dir/template-metadata/%C3%A9", "GET /dir/template/.hidden.png",
 "GET /dir/template-metadata/alone", "GET /dir/template/zeta.png.png",
 "GET /dir/template-metadata/a/b",
 "GET /dir/template-metadata/" . "x" x 255]
--- error_code eval
[(404) x 10]
--- response_body eval
["Template x not found\n", "Template x not found\n",
 "Template x not found\n", "Template x not found\n",
 "Template \xc3\xa9 not found\n", "Template .hidden not found\n",
 "Template alone not found\n", "Template zeta.png not found\n",
 "Template a/b not found\n", "Template " . "x" x 255 . " not found\n"]



=== TEST 9: what is not whole is left out, and said once
--- request eval
["GET /bad/templates", "GET /bad/templates"]
--- response_body_json eval
[('[' . main::template('good', '1, 2, 3, 4') . ', '
    . main::template('inside', '1, 2, 3, 4') . ']') x 2]
--- grep_error_log eval
qr/"gif" of/
--- grep_error_log_out eval
["\"gif\" of\n", ""]
--- error_log eval
my $out = "of \"$::bad\" is left out for its";
my $json = 'Malformed JSON at line \d+, column \d+:';
my $boxes = 'it needs "crop" and "location", each a list of four whole numbers';

[map({ qr/"\Q$_\E" $out \.json: $boxes/ } qw(no-crop three fraction big text)),
 qr/"no-json" $out \.json: it is missing/,
 qr/"broken" $out \.json: $json it ends too early\./,
 qr/"empty" $out \.json: $json it ends too early\./,
 qr/"new\?line" $out \.json: $json it ends too early\./,
 qr/"twice" $out \.json: $json a key is given twice\./,
 qr/"list" $out \.json: it is no JSON object/,
 qr/"null" $out \.json: it has a "description" or "attribution" that is no/,
 qr/"long" $out \.json: it is too large/,
 qr/"b\xff" $out \.json: it has a name that is not UTF-8/,
 qr/"gif" $out \.png: it is no PNG/, qr/"short" $out \.png: it is no PNG/,
 qr/"folder" $out \.png: it is no file/,
 qr/"link" $out \.png: it may not be read, or leads out of the directory/,
 qr/"huge" $out \.png: it is too large/]



=== TEST 10: of each of them there is neither an image nor a word
--- request eval
[map { ("GET /bad/template/$_.png", "GET /bad/template-metadata/$_") }
 qw(no-json broken no-crop gif short folder link loop huge b%25)]
--- error_code eval
[(404) x 20]



=== TEST 11: a directory that is gone
--- request eval
["GET /gone/templates", "GET /gone/template/x.png",
 "GET /file/template-metadata/x"]
--- error_code eval
[503, 503, 503]
--- response_body eval
[("The directory of templates cannot be read; see the error log of this "
  . "server.\n") x 3]
--- error_log eval
qr/the directory of templates "\Q$::dir\E\/gone" cannot be read \(2: No such/



=== TEST 12: neither a database nor a directory
--- request eval
["GET /none/templates", "GET /none/template/x.png",
 "GET /none/template-metadata/x"]
--- error_code eval
[501, 501, 501]
--- response_body eval
[("There are no templates here; the operator of this server has to set "
 . "wubloader_database or wubloader_templates.\n") x 3]
