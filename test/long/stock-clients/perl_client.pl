# Follows a stream with LWP::UserAgent. Prints each event as a line of JSON, and resumes with Last-Event-ID.
use strict;
use warnings;
use JSON::PP;
use LWP::UserAgent;
use Time::HiRes qw(sleep time);

$| = 1;
my ($url, $certificate) = @ARGV;
my $agent = LWP::UserAgent->new(ssl_opts => {SSL_ca_file => $certificate || undef});
my $last_id;

sub take {
    my %event = map { my ($field, $value) = split /: /, $_, 2; ($field => $value // "") } split /\n/, shift;
    $last_id = $event{id} if exists $event{id};
    return unless exists $event{data};
    my $type = ($event{event} // "") eq "pharos-gap" ? "gap" : "message";
    print encode_json({%{decode_json($event{data})}, type => $type, atMs => time * 1000}), "\n";
}

while (1) {
    my $rest = "";
    my $read = sub {
        $rest .= shift;
        take($1) while $rest =~ s/^(.*?)\n\n//s;
    };
    my $answer = $agent->get($url, defined $last_id ? ("Last-Event-ID" => $last_id) : (), ":content_cb" => $read);
    print STDERR $answer->status_line, "\n";
    sleep 0.3;
}
