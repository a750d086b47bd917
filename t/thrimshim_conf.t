# Directives of the editor's API: what nginx -t refuses and with which
# sentence, inheritance, and the routes that show them without a database:
# defaults and transitions.

use strict;
use warnings;

use JSON::PP ();
use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Nginx;

our $dir = Wub::Nginx::temp_dir('notes');

my %files = (
    good => qq({"RDP": "Say who \\"won\\".", "": "none", "\xc3\xa9": ""}),
    empty => '{}', none => '', broken => qq({\n "a": "b",\n}),
    list => '["a"]', number => '{"a": 1}', twice => '{"a": "b", "a": "c"}',
    large => '{"a": "' . 'x' x 1048576 . '"}', bytes => qq({"a": "\xff"}),
);

for my $name (keys %files) {
    open my $out, '>:raw', "$dir/$name" or die "$dir/$name: $!\n";
    print $out $files{$name};
    close $out or die "$dir/$name: $!\n";
}

add_block_preprocessor(sub {
    my ($block) = @_;

    my $config = $block->config;

    if (defined $config) {
        $config =~ s/\bDIR\b/$dir/g;
        $block->set_value('config', $config);
    }

    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: nothing is set
--- config
    location /thrimshim { wubloader thrimshim; }
--- request
GET /thrimshim/defaults
--- response_headers
Content-Type: application/json
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body_json
{"video_channel": null, "bustime_start": null, "title_prefix": "",
 "title_max_length": 100, "upload_locations": []}



=== TEST 2: everything is set; a prefix is counted in characters
--- config
    location /thrimshim {
        wubloader thrimshim;
        wubloader_default_channel desertbus;
        wubloader_bustime_start "2024-11-09 02:00+00:00";
        wubloader_title_header "Dü \"1\"";
        wubloader_description_footer "By \"us\"\nand you";
        wubloader_upload_locations youtube "a b" local;
        wubloader_archive Archive archive;
        wubloader_category_notes DIR/good;
        wubloader_templates DIR;
    }
--- request
GET /thrimshim/defaults
--- response_body_json
{"video_channel": "desertbus", "bustime_start": "2024-11-09 02:00+00:00",
 "title_prefix": "Dü \"1\" - ", "title_max_length": 91,
 "upload_locations": ["youtube", "a b", "local"]}



=== TEST 3: each location has its own
--- http_config
    wubloader_default_channel outer;
    wubloader_title_header Outer;
    wubloader_upload_locations a b;
--- config
    wubloader_bustime_start 2024-11-09T02:00;
    location /one { wubloader thrimshim; wubloader_title_header ""; }
    location /two {
        wubloader thrimshim;
        wubloader_default_channel inner;
        wubloader_upload_locations c;
    }
    location /three {
        wubloader thrimshim;
        if ($arg_x) { set $y 1; }
    }
--- request eval
["GET /one/defaults", "GET /two/defaults", "GET /three/defaults?x=1"]
--- response_body_json eval
my $common = '"bustime_start": "2024-11-09T02:00", "video_channel":';

["{$common \"outer\", \"title_prefix\": \"\", \"title_max_length\": 100,
   \"upload_locations\": [\"a\", \"b\"]}",
 "{$common \"inner\", \"title_prefix\": \"Outer - \", \"title_max_length\": 92,
   \"upload_locations\": [\"c\"]}",
 "{$common \"outer\", \"title_prefix\": \"Outer - \", \"title_max_length\": 92,
   \"upload_locations\": [\"a\", \"b\"]}"]



=== TEST 4: HEAD, and what the client has
--- config
    location /thrimshim { wubloader thrimshim; }
--- request eval
["HEAD /thrimshim/defaults", "GET /thrimshim/defaults"]
--- more_headers
If-None-Match: W/"x", *
--- error_code eval
[304, 304]
--- response_body eval
["", ""]



=== TEST 5: transitions
--- config
    location /thrimshim { wubloader thrimshim; }
--- request
GET /thrimshim/transitions
--- response_headers
Content-Type: application/json
--- response_body_filters eval
sub {
    my $list = JSON::PP->new->utf8->decode($_[0]);

    return CORE::join "\n", scalar(@$list),
        map({ $_->{name} } @$list[0, -1]),
        scalar(grep { CORE::join(',', sort keys %$_) eq 'description,name'
                      && $_->{description} =~ /^[A-Z].*\.$/ } @$list), '';
}
--- response_body eval
"60\nfade\ndiamondwipe\n60\n"



=== TEST 6: compressed
--- config
    location /thrimshim { wubloader thrimshim; }
--- request
GET /thrimshim/transitions
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Vary: Accept-Encoding
--- response_headers_like
ETag: "[0-9a-f]{32}-gz"
--- response_body_filters eval
sub {
    require IO::Uncompress::Gunzip;
    IO::Uncompress::Gunzip::gunzip(\$_[0] => \my $text);
    return substr($text, 0, 19);
}
--- response_body chomp
[{"name": "fade", "



=== TEST 7: not a channel
--- config
    wubloader_default_channel ../x;
--- must_die
--- error_log
"wubloader_default_channel" directive is not the name of a channel; give that



=== TEST 8: not a time
--- config
    wubloader_bustime_start yesterday;
--- must_die
--- error_log
"wubloader_bustime_start" directive is not a time; write YYYY-MM-DDTHH:MM:SS



=== TEST 9: no such day
--- config
    wubloader_bustime_start 2023-02-29T00:00:00;
--- must_die
--- error_log
"wubloader_bustime_start" directive is not a time



=== TEST 10: a header that leaves no room
--- config eval
'wubloader_title_header ' . 'x' x 97 . ';'
--- must_die
--- error_log
"wubloader_title_header" directive is too long; with " - " behind it, it has



=== TEST 11: one that leaves one character
--- config eval
'location /t { wubloader thrimshim; wubloader_title_header '
. "\xc3\xa9" x 96 . '; }'
--- request
GET /t/defaults
--- response_body_like chomp
"title_max_length": 1,



=== TEST 12: what no upload site takes
--- config
    wubloader_title_header "a > b";
--- must_die
--- error_log
"wubloader_title_header" directive may not hold "<" or ">", which no upload



=== TEST 13: in the footer
--- config
    wubloader_description_footer "<b>";
--- must_die
--- error_log
"wubloader_description_footer" directive may not hold "<" or ">"



=== TEST 14: not UTF-8
--- config eval
"wubloader_title_header a\xffb;"
--- must_die
--- error_log
"wubloader_title_header" directive is not UTF-8



=== TEST 15: a location twice
--- config
    wubloader_upload_locations a b a;
--- must_die
--- error_log
"wubloader_upload_locations" directive names a location twice



=== TEST 16: one without a name
--- config
    wubloader_upload_locations a "";
--- must_die
--- error_log
"wubloader_upload_locations" directive has an empty name



=== TEST 17: said twice
--- config
    wubloader_upload_locations a;
    wubloader_upload_locations b;
--- must_die
--- error_log
"wubloader_upload_locations" directive is duplicate



=== TEST 18: an archive without a location
--- config
    wubloader_archive Archive "";
--- must_die
--- error_log
"wubloader_archive" directive needs the name of a sheet and that of a location



=== TEST 19: templates nowhere
--- config
    wubloader_templates "";
--- must_die
--- error_log
"wubloader_templates" directive may not be empty; give the path of a directory



=== TEST 20: templates by a variable
--- config
    wubloader_templates /srv/$host;
--- must_die
--- error_log
"wubloader_templates" directive may not hold variables



=== TEST 21: notes that are missing
--- config
    wubloader_category_notes DIR/missing;
--- must_die
--- error_log eval
qr/the notes "\Q$::dir\E\/missing" cannot be opened \(2: No such file/



=== TEST 22: notes that are a directory
--- config
    wubloader_category_notes DIR;
--- must_die
--- error_log eval
qr/the notes "\Q$::dir\E" cannot be read: they have to be a file of at most/



=== TEST 23: notes that are too large
--- config
    wubloader_category_notes DIR/large;
--- must_die
--- error_log eval
qr/the notes "\Q$::dir\E\/large" cannot be read: they have to be a file of at/



=== TEST 24: empty notes
--- config
    wubloader_category_notes DIR/none;
--- must_die
--- error_log eval
qr/the notes "\Q$::dir\E\/none" cannot be used: Malformed JSON at line 1/



=== TEST 25: broken notes
--- config
    wubloader_category_notes DIR/broken;
--- must_die
--- error_log eval
qr/the notes "\Q$::dir\E\/broken" cannot be used: Malformed JSON at line 3/



=== TEST 26: a category twice
--- config
    wubloader_category_notes DIR/twice;
--- must_die
--- error_log eval
qr/"\Q$::dir\E\/twice" cannot be used: Malformed JSON .*: a key is given twice/



=== TEST 27: notes that are not UTF-8
--- config
    wubloader_category_notes DIR/bytes;
--- must_die
--- error_log eval
qr/"\Q$::dir\E\/bytes" cannot be used: Malformed JSON .*: a text is not UTF-8/



=== TEST 28: notes that are no object
--- config
    wubloader_category_notes DIR/list;
--- must_die
--- error_log eval
qr/"\Q$::dir\E\/list" cannot be used: they have to be a JSON object of categ/



=== TEST 29: a note that is no text
--- config
    wubloader_category_notes DIR/number;
--- must_die
--- error_log eval
qr/number" cannot be used: what stands for the category "a" is not a text/



=== TEST 30: no notes at all are legal
--- config
    location /t { wubloader thrimshim; wubloader_category_notes DIR/empty; }
--- request
GET /t/defaults
--- response_body_like chomp
^\{



=== TEST 31: a line break in the header
--- config
    wubloader_title_header "a\nb";
--- must_die
--- error_log
"wubloader_title_header" directive may not hold control characters



=== TEST 32: a control character in the footer
--- config eval
qq{wubloader_description_footer "a\x07b";}
--- must_die
--- error_log
"wubloader_description_footer" directive may not hold control characters



=== TEST 33: line breaks and tabs are legal there
--- config
    location /t {
        wubloader                     thrimshim;
        wubloader_description_footer  "a\r\n\tb";
    }
--- request
GET /t/defaults
--- response_body_like chomp
^\{
