#!/usr/bin/perl
# Holds programs of the rig's machine at files that they open or run, by fanotify(7) permission events: each such open
# waits in the kernel until we answer, and everything else goes on at full speed.
#   gate.pl JOURNAL [RECORDS STEP WHO PATH]...
# A rule holds, once, who (a pattern for its command line) opens PATH (one below /usr/bin: runs it; one that ends with
# a slash: opens what lies in it) while the journal's last record is of these RECORDS (a pattern) and of STEP (how it
# begins). Says `held RULE PID` in /tmp/gate.said; is told `allow RULE` or `deny RULE` by the pipe /tmp/gate.
use strict;
use warnings;

my ($journal, @words) = @ARGV;
my @rules;
while (my ($records, $step, $who, $path) = splice(@words, 0, 4)) {
    push @rules, { records => qr/^(?:$records)$/, step => $step, who => qr/$who/, path => $path, done => 0, fd => -1 };
}

# x86-64: fanotify_init is 300, fanotify_mark 301. FAN_CLASS_CONTENT | FAN_CLOEXEC, O_LARGEFILE | O_CLOEXEC.
my $group = syscall(300, 0x5, 0x88000);
die "fanotify_init: $!\n" if $group < 0;
sub mark {
    my ($mask, $path) = @_;
    syscall(301, $group, 0x1, $mask, -100, my $name = "$path\0") == 0 or die "fanotify_mark $path: $!\n";
}
my ($OPEN, $EXEC, $CHILDREN) = (0x10000, 0x40000, 0x08000000);
(my $folder = $journal) =~ s{[^/]*$}{};
mark($OPEN | $CHILDREN, $folder);
for my $path (map { $_->{path} } @rules) {
    if ($path =~ m{^/usr/bin/}) { mark($EXEC, $path) }
    elsif ($path =~ m{/$}) { mark($OPEN | $CHILDREN, $path) }
    elsif ($path ne $journal) { mark($OPEN, $path) }
}

open(my $events, '+<&=', $group) or die "events: $!\n";
open(my $orders, '+<', '/tmp/gate') or die "/tmp/gate: $!\n";
open(my $said, '>>', '/tmp/gate.said') or die "/tmp/gate.said: $!\n";
sub tell_harness { syswrite($said, "@_\n") }
sub answer {
    my ($fd, $word) = @_;
    syswrite($events, pack('lL', $fd, $word eq 'deny' ? 2 : 1));
    syscall(3, $fd);
}

# The journal as the latest event's own descriptor shows it: opening it ourselves would wait for our own answer.
my $seen;
sub last_record {
    return ('none', '') unless $seen;
    sysseek($seen, 0, 0);
    my $text = '';
    1 while sysread($seen, $text, 65536, length $text);
    my ($line) = $text =~ /([^\n]*)\n[^\n]*\z/ or return ('none', '');
    my ($type) = $line =~ /"type":"([a-z-]+)"/ or return ('none', '');
    my ($step) = $line =~ /"type":"[a-z-]+","step":"([^"]+)"/;
    return ($type, $step // '');
}
sub command_line {
    my ($pid) = @_;
    open(my $file, '<', "/proc/$pid/cmdline") or return '';
    my $text = do { local $/; <$file> } // '';
    $text =~ tr/\0/ /;
    return $text;
}

sub event {
    my ($fd, $pid) = @_;
    my $path = readlink("/proc/self/fd/$fd") // '';
    if ($path eq $journal) { open($seen, '<&', $fd) or die "dup: $!\n" }
    for my $index (0 .. $#rules) {
        my $rule = $rules[$index];
        next if $rule->{done};
        next unless $rule->{path} =~ m{/$} ? index($path, $rule->{path}) == 0 : $path eq $rule->{path};
        my ($type, $step) = last_record();
        next unless $type =~ $rule->{records} && index($step, $rule->{step}) == 0;
        next unless command_line($pid) =~ $rule->{who};
        @$rule{qw(done fd)} = (1, $fd);
        tell_harness("held $index $pid");
        return;
    }
    answer($fd, 'allow');
}

tell_harness('ready');
while (1) {
    my $wanted = '';
    vec($wanted, fileno($_), 1) = 1 for $events, $orders;
    select($wanted, undef, undef, undef) > 0 or next;
    if (vec($wanted, fileno($orders), 1)) {
        sysread($orders, my $text, 4096);
        for (split /\n/, $text) {
            my ($word, $index) = split ' ';
            my $rule = $rules[$index];
            # Told before it came: let through without a hold.
            if ($rule->{fd} >= 0) { answer($rule->{fd}, $word) }
            @$rule{qw(done fd)} = (1, -1);
        }
    }
    next unless vec($wanted, fileno($events), 1);
    sysread($events, my $buffer, 8192);
    while (length($buffer) >= 24) {
        my ($length, undef, undef, undef, undef, $fd, $pid) = unpack('LCCSQll', $buffer);
        event($fd, $pid) if $fd >= 0;
        substr($buffer, 0, $length) = '';
    }
}
